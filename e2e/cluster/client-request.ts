// One request from wherever this is run, told as JSON: client-request.ts URL HEADERS
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

const [url = '', headers = '{}'] = process.argv.slice(2);
const asked = request(url, {
  headers: JSON.parse(headers) as Record<string, string>,
  agent: false,
  signal: AbortSignal.timeout(5_000),
});
asked.on('error', (error) => {
  console.error(String(error));
  process.exitCode = 1;
});
asked.on('response', (response) => {
  void text(response).then((body) =>
    console.log(JSON.stringify({ status: response.statusCode, headers: response.headers, body })),
  );
});
asked.end();
