// Results as a picture: for each work a bar a proxy, as long as its figure is in relation to nginx's (or what the work has in
// its place), with the interval as a thin line. Written by hand as SVG: no library draws six rectangles better.
import { figureOf, ratio } from './ratios.ts';
import type { PeerResult, Results, WorkResult } from './results.ts';

const [width, left, right, bar, gap] = [980, 190, 70, 14, 4];
/** Longer bars are cut, and told by their number. */
const most = 8;

const style = `
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.other { fill: #8c959f; }
.own { fill: #1a7f64; }
.interval { stroke: #24292f; }
.one { stroke: #cf222e; stroke-dasharray: 3 3; }
.none { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .other { fill: #6e7681; } .interval { stroke: #e6edf3; } .none { fill: #6e7681; }
}`;

/** The whole picture. */
export function plotOf(results: Results): string {
  let top = 10;
  const parts: string[] = [];
  for (const work of Object.values(results.works)) {
    const { text, height } = panel(work, top);
    parts.push(text);
    top += height + 16;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" role="img" aria-label="Cost of each proxy in each work, in relation to the reference">
<style>${style}</style>
${parts.join('\n')}
</svg>
`;
}

function panel(work: WorkResult, top: number): { text: string; height: number } {
  const [to = ''] = work.references;
  const scale = (width - left - right) / most;
  const rows = work.peers.map((peer, at) => barOf(work, peer, top + 24 + at * (bar + gap), scale));
  const height = 24 + rows.length * (bar + gap);
  const one = left + scale;
  const title = `${work.title}: ${work.figure.name}, times ${to}'s`;
  const text = [
    `<text class="title" x="10" y="${top + 12}">${escaped(title)}</text>`,
    ...rows,
    `<line class="one" x1="${one}" x2="${one}" y1="${top + 20}" y2="${top + height}"/>`,
  ].join('\n');
  return { text, height };
}

function barOf(work: WorkResult, peer: PeerResult, y: number, scale: number): string {
  const [to = ''] = work.references;
  const label = `<text x="${left - 8}" y="${y + 11}" text-anchor="end">${escaped(peer.name)}</text>`;
  const found = figureOf(peer) === null ? null : ratio(work, peer.name, to);
  if (found === null) {
    const why = 'lacking' in peer ? peer.lacking : 'not measured';
    return `${label}<text class="none" x="${left + 4}" y="${y + 11}">${escaped(why)}</text>`;
  }
  const x = (value: number): string => (left + Math.min(value, most) * scale).toFixed(1);
  const length = (Math.min(found.median, most) * scale).toFixed(1);
  const kind = peer.name.startsWith('Turnpike') ? 'own' : 'other';
  return [
    label,
    `<rect class="${kind}" x="${left}" y="${y}" width="${length}" height="${bar}" rx="2"/>`,
    `<line class="interval" x1="${x(found.low)}" x2="${x(found.high)}" y1="${y + bar / 2}" y2="${y + bar / 2}"/>`,
    `<text x="${(Number(x(Math.max(found.median, found.high))) + 6).toFixed(1)}" y="${y + 11}">${found.median.toFixed(2)}</text>`,
  ].join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
