// Content over HTTP/2: flow control passed on both ways, and little kept here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';

const mebibyte = Buffer.alloc(1024 * 1024, 'x');
const quarter = mebibyte.subarray(0, 262_144);

describe('content over HTTP/2', () => {
  it('goes both ways, a hundred times at once', async () => {
    await using backend = await givenBackend('echo', {
      answer: (request, answer) => void request.pipe(answer),
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.ask({ body: quarter })));
    assert(answers.every(({ status, body }) => status === 200 && body.equals(quarter)));
  });

  it('of a mebibyte comes a hundred times at once', async () => {
    await using backend = await givenBackend('large', {
      answer: (_asked, answer) => void answer.end(mebibyte),
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.ask()));
    assert(answers.every(({ body }) => body.equals(mebibyte)));
  });

  it('waits at the backend when the client is slow: little of it is kept', async () => {
    let written = 0;
    await using backend = await givenBackend('large', {
      answer: (_request, answer) => {
        const more = (): void => {
          while (written < 64 * mebibyte.length) {
            written += 65_536;
            if (!answer.write(mebibyte.subarray(0, 65_536))) return void answer.once('drain', more);
          }
          answer.end();
        };
        more();
      },
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({ ':path': '/' });
    await once(stream, 'response');
    let before = -1;
    await eventually(() => {
      const isStill = written === before;
      before = written;
      return isStill && written > 0;
    });
    assert(written < 16 * mebibyte.length, `${written} octets of the backend were read`);
    let received = 0;
    stream.on('data', (data: Buffer) => (received += data.length));
    await once(stream, 'end');
    assert.equal(received, 64 * mebibyte.length);
  });

  it('waits at the client when the backend is slow: little of it is kept', async () => {
    const wanted = Promise.withResolvers<void>();
    await using backend = await givenBackend('slow', {
      answer: (request, answer) => {
        void wanted.promise.then(() => {
          request.resume();
          request.on('end', () => answer.end('ok'));
        });
      },
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({ ':method': 'POST', ':path': '/' });
    const answered = answerOf(stream);
    let sent = 0;
    const total = 64 * mebibyte.length;
    const more = (): void => {
      while (sent < total) {
        sent += 65_536;
        if (!stream.write(mebibyte.subarray(0, 65_536))) return void stream.once('drain', more);
      }
      stream.end();
    };
    more();
    let before = -1;
    await eventually(() => {
      const isStill = sent === before;
      before = sent;
      return isStill;
    });
    assert(sent < total / 2, `${sent} octets of the client were taken`);
    wanted.resolve();
    assert.equal((await answered).status, 200);
    assert.equal(sent, total);
  });

  it('of a slow stream does not hold up others', async () => {
    await using backend = await givenBackend('large', {
      answer: (_request, answer) => void answer.end(mebibyte),
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port, { settings: { initialWindowSize: 65_535 } });
    client.session.setLocalWindowSize(4 * mebibyte.length);
    const stalled = Array.from({ length: 20 }, () => client.begin({ ':path': '/' }));
    await Promise.all(stalled.map((stream) => once(stream, 'response')));
    assert.equal((await client.ask()).body.length, mebibyte.length);
    const rest = await Promise.all(stalled.map(answerOf));
    assert(rest.every(({ body }) => body.equals(mebibyte)));
  });
});
