// HTTPRoutes, and what an API server says to them.
import { cases, gatewayApi, object, type Json, type VerdictCase } from './verdict-case.ts';

const route = (spec: Json): Json =>
  object(gatewayApi, 'HTTPRoute', { spec: { parentRefs: [{ name: 'edge' }], ...spec } });
const rule = (fields: Json): Json =>
  route({ rules: [{ backendRefs: [{ name: 'shop', port: 80 }], ...fields }] });
const bare = (fields: Json): Json => route({ rules: [fields] });
const path = (fields: Json): Json => rule({ matches: [{ path: fields }] });
const filter = (fields: Json): Json => bare({ filters: [fields] });
const parents = (list: readonly Json[]): Json => route({ parentRefs: list });
const backend = (fields: Json): Json => rule({ backendRefs: [{ name: 'shop', port: 80, ...fields }] });

const headers = {
  type: 'RequestHeaderModifier',
  requestHeaderModifier: { set: [{ name: 'x-a', value: 'b' }] },
};
const redirect = { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } };
const rewrite = { type: 'URLRewrite', urlRewrite: { hostname: 'b.example' } };
const prefix = {
  type: 'URLRewrite',
  urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } },
};
const redirectedPrefix = {
  type: 'RequestRedirect',
  requestRedirect: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } },
};
const badPath = 'spec.rules[0].matches[0].path';
const firstFilter = 'spec.rules[0].filters[0]';

export const httpRoutes: readonly VerdictCase[] = [
  ...cases('HTTPRoute', route, [
    ['the least', {}],
    ['no parents', { parentRefs: null }],
    ['no rules', { rules: [] }, 'spec.rules'],
    ['hostnames', { hostnames: ['a.example', '*.b.example'] }],
    ['an address as hostname with port', { hostnames: ['a.example:80'] }, 'spec.hostnames[0]'],
    ['17 hostnames', { hostnames: Array.from({ length: 17 }, (_, i) => `h${i}.example`) }, 'spec.hostnames'],
    ['17 rules', { rules: Array.from({ length: 17 }, () => ({})) }, 'spec.rules'],
    ['rules of one name', { rules: [{ name: 'a' }, { name: 'a' }] }, 'spec.rules'],
    ['rules with and without names', { rules: [{ name: 'a' }, { name: 'b' }, {}, {}] }],
    [
      '129 matches',
      {
        rules: [64, 64, 1].map((length) => ({
          matches: Array.from({ length }, (_, i) => ({ path: { value: `/${i}` } })),
        })),
      },
      'spec.rules',
    ],
  ]),
  ...cases('HTTPRoute', parents, [
    [
      'two listeners of a parent',
      [
        { name: 'a', sectionName: 'x' },
        { name: 'a', sectionName: 'y' },
      ],
    ],
    ['a parent whole and by listener', [{ name: 'a' }, { name: 'a', sectionName: 'y' }], 'spec.parentRefs'],
    ['a parent twice', [{ name: 'a' }, { name: 'a' }], 'spec.parentRefs'],
    ['two parents', [{ name: 'a' }, { name: 'a', namespace: 'b' }, { name: 'b', port: 80 }]],
    ['a parent without name', [{ namespace: 'a' }], 'spec.parentRefs[0].name'],
    ['a namespace that is none', [{ name: 'a', namespace: 'A' }], 'spec.parentRefs[0].namespace'],
  ]),
  ...cases('HTTPRoute', path, [
    ['an exact path', { type: 'Exact', value: '/a%20b' }],
    ['a path without value', { type: 'Exact' }],
    ['a regular expression', { type: 'RegularExpression', value: 'a//b' }],
    ['an unknown type', { type: 'Prefix', value: '/' }, `${badPath}.type`],
    ['a path without slash', { value: 'a' }, badPath],
    ['a path with //', { value: '/a//b' }, badPath],
    ['a path with /./', { value: '/a/./b' }, badPath],
    ['a path with /../', { value: '/a/../b' }, badPath],
    ['a path with %2f', { value: '/a%2fb' }, badPath],
    ['a path with %2F', { value: '/a%2Fb' }, badPath],
    ['a path with #', { value: '/a#b' }, badPath, badPath],
    ['a path that ends in /..', { value: '/a/..' }, badPath],
    ['a path that ends in /.', { value: '/a/.' }, badPath],
    ['a path with a space', { value: '/a b' }, badPath],
    ['a path with a broken escape', { value: '/a%2' }, badPath],
    ['a path too long', { value: `/${'a'.repeat(1024)}` }, `${badPath}.value`],
  ]),
  ...cases('HTTPRoute', rule, [
    ['a match by method alone', { matches: [{ method: 'GET' }] }],
    ['an unknown method', { matches: [{ method: 'get' }] }, 'spec.rules[0].matches[0].method'],
    [
      'a header and a query',
      { matches: [{ headers: [{ name: 'x-a', value: 'b' }], queryParams: [{ name: 'q', value: '1' }] }] },
    ],
    [
      'a header twice',
      {
        matches: [
          {
            headers: [
              { name: 'a', value: 'b' },
              { name: 'a', value: 'c' },
            ],
          },
        ],
      },
      'spec.rules[0].matches[0].headers[1]',
    ],
    [
      'a header name with a space',
      { matches: [{ headers: [{ name: 'a b', value: 'c' }] }] },
      'spec.rules[0].matches[0].headers[0].name',
    ],
    [
      'a header without value',
      { matches: [{ headers: [{ name: 'a' }] }] },
      'spec.rules[0].matches[0].headers[0].value',
    ],
    ['time-outs', { timeouts: { request: '10s', backendRequest: '2s500ms' } }],
    ['no time-out at all', { timeouts: { request: '0s', backendRequest: '2s' } }],
    [
      'a backend that may take longer',
      { timeouts: { request: '1s', backendRequest: '1001ms' } },
      'spec.rules[0].timeouts',
    ],
    ['a duration without unit', { timeouts: { request: '10' } }, 'spec.rules[0].timeouts.request'],
    ['a duration with a fraction', { timeouts: { request: '1.5s' } }, 'spec.rules[0].timeouts.request'],
    ['a redirect with backends', { filters: [redirect] }, 'spec.rules[0]'],
    ['a rewrite of the prefix', { filters: [prefix] }],
    [
      'a rewrite of an exact path as prefix',
      { matches: [{ path: { type: 'Exact', value: '/a' } }], filters: [prefix] },
      'spec.rules[0]',
    ],
    [
      'a rewrite of two prefixes',
      { matches: [{ path: { value: '/a' } }, { path: { value: '/b' } }], filters: [prefix] },
      'spec.rules[0]',
    ],
    ['an unknown field', { backends: [] }, 'spec.rules[0].backends'],
    ['no backends', { backendRefs: null }],
  ]),
  ...cases('HTTPRoute', backend, [
    ['a weight of 0', { weight: 0 }],
    ['a weight below 0', { weight: -1 }, 'spec.rules[0].backendRefs[0].weight'],
    ['a Service without port', { port: null }, 'spec.rules[0].backendRefs[0]'],
    ['another kind without port', { port: null, group: 'turnpike.dev', kind: 'Composition' }],
    ['a filter for one backend', { filters: [headers] }],
    [
      'a filter twice for one backend',
      { filters: [headers, headers] },
      'spec.rules[0].backendRefs[0].filters',
    ],
  ]),
  ...cases('HTTPRoute', filter, [
    ['a header filter', headers],
    ['a filter without its field', { type: 'RequestHeaderModifier' }, firstFilter],
    ['a filter with the field of another', { ...headers, type: 'ResponseHeaderModifier' }, firstFilter],
    ['a filter of unknown type', { type: 'Teapot' }, `${firstFilter}.type`],
    [
      'a header set twice',
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: {
          set: [
            { name: 'a', value: 'b' },
            { name: 'a', value: 'c' },
          ],
        },
      },
      `${firstFilter}.requestHeaderModifier.set[1]`,
    ],
    [
      'a header removed twice',
      { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['a', 'a'] } },
      `${firstFilter}.requestHeaderModifier.remove[1]`,
    ],
    ['a redirect', redirect],
    [
      'a redirect with a status of its own',
      { type: 'RequestRedirect', requestRedirect: { statusCode: 308 } },
    ],
    [
      'a redirect that is none',
      { type: 'RequestRedirect', requestRedirect: { statusCode: 304 } },
      `${firstFilter}.requestRedirect.statusCode`,
    ],
    [
      'a redirect to a wildcard',
      { type: 'RequestRedirect', requestRedirect: { hostname: '*.example.com' } },
      `${firstFilter}.requestRedirect.hostname`,
    ],
    ['a redirect of the prefix', redirectedPrefix],
    [
      'a path without its type',
      { type: 'URLRewrite', urlRewrite: { path: { replaceFullPath: '/a' } } },
      `${firstFilter}.urlRewrite.path.type`,
    ],
    [
      'a path of another type',
      { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replacePrefixMatch: '/a' } } },
      `${firstFilter}.urlRewrite.path`,
    ],
    [
      'a mirror',
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'a', port: 80 }, percent: 10 } },
    ],
    [
      'a mirror without port',
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'a' } } },
      `${firstFilter}.requestMirror.backendRef`,
    ],
    [
      'a mirror of two parts',
      {
        type: 'RequestMirror',
        requestMirror: { backendRef: { name: 'a', port: 80 }, percent: 10, fraction: { numerator: 1 } },
      },
      `${firstFilter}.requestMirror`,
    ],
    [
      'a mirror of more than all',
      {
        type: 'RequestMirror',
        requestMirror: { backendRef: { name: 'a', port: 80 }, fraction: { numerator: 101 } },
      },
      `${firstFilter}.requestMirror.fraction`,
    ],
    [
      'CORS',
      {
        type: 'CORS',
        cors: { allowOrigins: ['https://*.example.com', 'http://a.example:8080'], allowMethods: ['GET'] },
      },
    ],
    [
      'CORS for all and one',
      { type: 'CORS', cors: { allowOrigins: ['*', 'https://a.example'] } },
      `${firstFilter}.cors.allowOrigins`,
    ],
    [
      'CORS for what is no origin',
      { type: 'CORS', cors: { allowOrigins: ['a.example'] } },
      `${firstFilter}.cors.allowOrigins[0]`,
    ],
    [
      'an extension',
      { type: 'ExtensionRef', extensionRef: { group: 'turnpike.dev', kind: 'AuthPolicy', name: 'a' } },
    ],
  ]),
  ...cases('HTTPRoute', bare, [
    ['a redirect and a rewrite', { filters: [redirect, rewrite] }, 'spec.rules[0].filters'],
    ['two redirects', { filters: [redirect, redirect] }, 'spec.rules[0].filters'],
    ['two header filters', { filters: [headers, headers] }, 'spec.rules[0].filters'],
    [
      'header filters of both ways',
      { filters: [headers, { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['a'] } }] },
    ],
    [
      'a redirected prefix of an exact path',
      { matches: [{ path: { type: 'Exact', value: '/a' } }], filters: [redirectedPrefix] },
      'spec.rules[0]',
    ],
  ]),
];
