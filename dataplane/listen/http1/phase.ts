/**
 * Head: between requests, or in a head. Exchange: a request is being answered. Discard: its answer is whole and
 * content that nobody wants is still to come. Linger: we have ended our side, and read on for a while so that
 * the client gets to see the answer. Tunnel: not ours any more. Closed.
 */
export type Phase = 'Head' | 'Exchange' | 'Discard' | 'Linger' | 'Tunnel' | 'Closed';
