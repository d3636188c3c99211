import type { FastifyReply } from 'fastify';

const HEARTBEAT_MS = 15_000;
// A slow reader is disconnected, and may reconnect with Last-Event-ID.
const WAITING_BYTES_MAX = 1_048_576;

/**
 * Server-sent events until one side leaves.
 * @param begin gets the function that sends, and returns the one that stops it
 */
export function stream(
  reply: FastifyReply,
  begin: (send: (data: object, id?: number) => void) => () => void,
): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  if (raw.destroyed) return reply; // left meanwhile: it would never report its end
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.write(': connected\n\n');
  const end = begin((data, id) => {
    if (raw.writableLength > WAITING_BYTES_MAX) raw.destroy();
    else raw.write(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  });
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS);
  raw.once('close', () => {
    clearInterval(heartbeat);
    end();
  });
  return reply;
}
