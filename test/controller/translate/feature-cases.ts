/** Where a feature of the Gateway API is specified: a golden case that uses it, and what in it shows so. */
interface FeatureCase {
  /** What users get by it. */
  readonly means: string;
  /** The folder beside this file. */
  readonly folder: string;
  /** How manifests ask for it, in `in.yaml`. */
  readonly asked: RegExp;
  /** What becomes of that, in `out.yaml`. */
  readonly told: RegExp;
}

type Row = readonly [means: string, folder: string, asked: RegExp, told: RegExp];

const rows: Readonly<Record<string, Row>> = {
  BackendTLSPolicy: ['Services are called by TLS, as a policy says', 'services-are-spoken-with-over-tls-as-their-policies-say', /kind: BackendTLSPolicy/, /tls:\s+hostname: cart\.example\.com/],
  BackendTLSPolicySANValidation: ['The names that a Service must prove', 'services-are-spoken-with-over-tls-as-their-policies-say', /subjectAltNames:/, /type: URI\s+value: spiffe:/],
  ClusterTrustBundle: ['Authorities from a ClusterTrustBundle', 'authorities-of-cluster-trust-bundles-are-believed', /kind: ClusterTrustBundle/, /hostname: cart\.example\.com\n.*\n +authorities: \|\n +-----BEGIN CERTIFICATE/],
  GRPCRoute: ['Calls by service and method', 'a-grpc-route-leads-calls-to-services', /kind: GRPCRoute/, /Route\/GRPCRoute\/shop\/cart:/],
  GRPCRouteNamedRouteRule: ['Rules have names', 'a-grpc-route-leads-calls-to-services', /- name: add\n/, /- name: add\n/],
  GRPCRouteRequestHeaderModifier: ['Metadata of calls is changed', 'a-grpc-rule-has-filters-and-sessions', /type: RequestHeaderModifier/, /kind: RequestHeaders[^]*x-edge/i],
  Gateway: ['Listeners for routes', 'a-route-sends-its-requests-to-a-service', /kind: Gateway\n/, /True Programmed\/Programmed/],
  GatewayAddressEmpty: ['An address is given where none is named', 'an-address-that-is-left-open-is-given', /addresses: \[\{ type: IPAddress \}\]/, /value: 198\.51\.100\.7/],
  GatewayAddressRoutability: ['From where a Gateway is to be reached', 'addresses-tell-from-where-they-are-reached', /routability: testing\.x-k8s\.io\/sentinel/, /True AddressesAssigned\/AddressesAssigned[^]*routability: testing\.x-k8s\.io\/sentinel/],
  GatewayAddressRoutabilityCluster: ['An address inside the cluster', 'addresses-tell-from-where-they-are-reached', /addresses:\s+- \{ routability: Cluster \}/, /True AddressesAssigned\/AddressesAssigned[^]*routability: Cluster/],
  GatewayBackendClientCertificate: ['The certificate that Services over TLS are shown', 'a-gateway-shows-its-certificate-to-services-over-tls-and-only-there-has-the-key', /clientCertificateRef/, /clientCertificate: \w/],
  GatewayFrontendClientCertificateValidation: ['Clients must show certificates, by port', 'client-certificates-are-asked-for-by-port', /frontend:\s+default:/, /clientCertificates:\n\s+mode: Required/],
  GatewayFrontendClientCertificateValidationInsecureFallback: ['Clients may show certificates', 'client-certificates-are-asked-for-by-port', /AllowInsecureFallback/, /True InsecureFrontendValidationMode\/ConfigurationChanged/],
  GatewayHTTPListenerIsolation: ['A request is for one listener of its port only', 'listeners-of-one-port-keep-to-their-hosts', /protocol: HTTP, port: 80, hostname: '\*\.foo\.example\.com'/, /serves: "\*\.foo\.example\.com"/],
  GatewayHTTPSListenerDetectMisdirectedRequests: ['Requests that came by another listener’s name are sent back', 'listeners-of-one-port-keep-to-their-hosts', /protocol: HTTPS, port: 443, hostname: abc/, /Listener\/shop\/edge\/exact-tls:/],
  GatewayInfrastructure: ['Labels, annotations and parameters of what is made for a Gateway', 'a-provisioned-gateway-is-told-what-it-is-made-of', /infrastructure:\s+labels: \{ team: shop \}/, /team: shop/],
  GatewayListenerFilters: ['What requests meet before a route is looked for', 'listeners-ask-services-before-a-route-is-looked-for', /filters:\s+requests:\s+- type: ExternalAuth/, /filters:\n\s+- kind: Authenticate/],
  GatewayPort8080: ['A listener on port 8080', 'a-parent-ref-selects-listeners-by-port', /port: 8080/, /port: 8080/],
  GatewayRouteHostnameIntersectionPrecedence: ['Of two routes with one host the one whose own is nearer comes first', 'a-routes-own-host-is-kept-beside-the-one-it-serves', /\*\.example\.com[^]*abc\.example\.com/, /serves: abc\.example\.com\n\s+own: "\*\.example\.com"/],
  GatewayStaticAddresses: ['A Gateway has the addresses that it names, or says that it has not', 'an-address-nobody-can-listen-on-is-not-usable', /addresses: \[\{ value: 224\.0\.0\.1 \}/, /False Programmed\/AddressNotUsable/],
  HTTPRoute: ['Requests by host, path and more', 'a-route-sends-its-requests-to-a-service', /kind: HTTPRoute/, /Route\/HTTPRoute\/shop\/cart:/],
  HTTPRoute303RedirectStatusCode: ['Redirects by 303', 'redirects-have-every-status-scheme-and-port', /statusCode: 303/, /status: 303/],
  HTTPRoute307RedirectStatusCode: ['Redirects by 307', 'redirects-have-every-status-scheme-and-port', /statusCode: 307/, /status: 307/],
  HTTPRoute308RedirectStatusCode: ['Redirects by 308', 'redirects-have-every-status-scheme-and-port', /statusCode: 308/, /status: 308/],
  HTTPRouteBackendProtocolH2C: ['Services that speak HTTP/2 in the clear', 'a-service-says-that-it-speaks-http-2', /kubernetes\.io\/h2c/, /protocol: HTTP2/],
  HTTPRouteBackendProtocolWebSocket: ['Services that speak WebSocket', 'a-service-says-that-it-speaks-web-sockets', /kubernetes\.io\/ws\b/, /cluster: Cluster\/shop\/cart\/80\n[^]*portName: ws\n/],
  HTTPRouteBackendRequestHeaderModification: ['Headers for one backend', 'header-edits-and-rewrites-keep-their-order', /filters: \[\{ type: RequestHeaderModifier/, /backends:[^]*name: backend\n +value: one/],
  HTTPRouteBackendTimeout: ['The time of one attempt', 'weights-and-time-outs-are-kept', /backendRequest: 500ms/, /backendRequestMs: 500/],
  HTTPRouteBackendURLRewrite: ['Host and path for one backend', 'a-backend-rewrites-for-itself', /type: URLRewrite/, /backends:[^]*kind: Rewrite/],
  HTTPRouteCORS: ['Pages of other origins', 'a-rule-answers-pages-of-other-origins', /type: CORS/, /kind: Cors/i],
  HTTPRouteDestinationPortMatching: ['A port that no listener has is no parent', 'a-parent-ref-that-selects-no-listener-finds-no-parent', /\{ name: edge, port: 8443 \}/, /False Accepted\/NoMatchingParent: .* no listener with port 8443;/],
  HTTPRouteHostRewrite: ['Another Host for backends', 'paths-are-replaced-in-whole-or-by-their-prefix', /urlRewrite: \{ hostname: inner\.example\.com/, /kind: Rewrite\n +hostname: inner\.example\.com/],
  HTTPRouteMethodMatching: ['Requests by method', 'requests-are-told-apart-by-path-method-headers-and-query', /method: POST/, /method: POST/],
  HTTPRouteNamedRouteRule: ['Rules have names', 'requests-are-told-apart-by-path-method-headers-and-query', /- name: mixed\n/, /- name: mixed\n/],
  HTTPRouteParentRefPort: ['A parentRef names listeners by port', 'a-parent-ref-selects-listeners-by-port', /parentRefs:.*port: 8080/, /listener: Listener\/shop\/edge\/alt\n/],
  HTTPRoutePathRedirect: ['Redirects to another path', 'paths-are-replaced-in-whole-or-by-their-prefix', /requestRedirect: \{ path: \{ type: ReplaceFullPath/, /kind: Redirect[^]*value: \/three/],
  HTTPRoutePathRewrite: ['Another path for backends', 'paths-are-replaced-in-whole-or-by-their-prefix', /urlRewrite: \{ path: \{ type: ReplaceFullPath/, /kind: Full\n\s+value: \/one/],
  HTTPRoutePortRedirect: ['Redirects to another port', 'redirects-have-every-status-scheme-and-port', /requestRedirect: \{ port: 8443 \}/, /kind: Redirect[^]*port: 8443/],
  HTTPRouteQueryParamMatching: ['Requests by query', 'requests-are-told-apart-by-path-method-headers-and-query', /queryParams:/, /query:\n\s+- /],
  HTTPRouteRequestMirror: ['Requests are copied', 'a-rule-copies-its-requests', /type: RequestMirror/, /mirrors:\n +- cluster: Cluster\/shop\/next/],
  HTTPRouteRequestMultipleMirrors: ['To several Services', 'a-rule-copies-its-requests', /RequestMirror.*\n.*RequestMirror/, /mirrors:\n( +- cluster: .*\n( {16}.*\n)+){2}/],
  HTTPRouteRequestPercentageMirror: ['Some requests are copied', 'a-rule-copies-its-requests', /percent: 20/, /numerator: 20\n +denominator: 100/],
  HTTPRouteRequestTimeout: ['The time of all attempts', 'weights-and-time-outs-are-kept', /request: 1m30s/, /requestMs: 90000/],
  HTTPRouteResponseHeaderModification: ['Headers of answers', 'header-edits-and-rewrites-keep-their-order', /type: ResponseHeaderModifier/, /kind: ResponseHeaders/i],
  HTTPRouteRetryCodes: ['Answers after which a request is sent again', 'a-rule-tells-when-requests-are-sent-again', /codes: \[504, 503\]/, /codes:\n\s+- 503\n\s+- 504/],
  HTTPRouteRetryConnectionError: ['A request is sent elsewhere where no connection can be had', 'a-rule-tries-another-endpoint-where-one-cannot-be-reached', /retry: \{ attempts: 100 \}/, /attempts: 100[^]*- ConnectFailure/],
  HTTPRouteSchemeRedirect: ['Redirects to another scheme', 'redirects-have-every-status-scheme-and-port', /requestRedirect: \{ scheme: https \}/, /scheme: https/],
  ListenerSet: ['Listeners from objects of other owners', 'a-listener-set-adds-listeners-to-its-gateway', /kind: ListenerSet/, /attachedListenerSets: [1-9]/],
  ReferenceGrant: ['What may be referred to from other namespaces', 'a-grant-opens-a-backend-of-another-namespace', /kind: ReferenceGrant/, /cluster: Cluster\/store\/cart\/80\n/],
  TCPRoute: ['Octets to backends', 'octets-go-to-backends-by-weight', /kind: TCPRoute/, /StreamRoute\/TCPRoute/],
  TLSRoute: ['TLS by server name', 'a-tls-route-goes-by-the-name-that-clients-ask-for', /kind: TLSRoute/, /StreamRoute\/TLSRoute/],
  TLSRouteModeMixed: ['Both modes at one port', 'a-tls-route-goes-by-the-name-that-clients-ask-for', /Passthrough[^]*Terminate|Terminate[^]*Passthrough/, /mode: Passthrough[^]*mode: Terminate|mode: Terminate[^]*mode: Passthrough/],
  TLSRouteModeTerminate: ['TLS that ends at the Gateway', 'a-tls-route-goes-by-the-name-that-clients-ask-for', /mode: Terminate/, /mode: Terminate/],
  UDPRoute: ['Datagrams to backends', 'datagrams-go-to-backends-of-udp', /kind: UDPRoute/, /StreamRoute\/UDPRoute/],
}; // prettier-ignore

/** By the feature's name in the Gateway API's suite, sorted. */
export const featureCases: Readonly<Record<string, FeatureCase>> = Object.fromEntries(
  Object.entries(rows).map(([name, [means, folder, asked, told]]) => [name, { means, folder, asked, told }]),
);
