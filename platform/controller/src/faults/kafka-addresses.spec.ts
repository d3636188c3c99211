import { describe, expect, it } from 'vitest';
import { kafkaAddresses } from './kafka-addresses.ts';

const broker = { host: '127.0.0.1', port: 9_092 };
const proxy = { host: '127.0.0.1', port: 20_001 };
const METADATA = 3;
const FIND_COORDINATOR = 10;
const FETCH = 1;

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);
const framed = (...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length), body]);
};
const request = (api: number, version: number, correlation: number) =>
  framed(int16(api), int16(version), int32(correlation), text('client'));
const node = (port: number, host = broker.host) =>
  Buffer.concat([int32(1), text(host), int32(port)]);

const metadata = (correlation: number, port: number, other: number) =>
  framed(
    int32(correlation),
    int32(0),
    int32(2),
    ...[node(port), int16(-1), node(other, 'elsewhere'), text('rack')],
    text('cluster'),
  );
const coordinator = (correlation: number, port: number) =>
  framed(int32(correlation), int32(0), int16(0), int16(-1), node(port));
const records = framed(int32(7), Buffer.concat([text(broker.host), int32(broker.port)]));

const sent = Buffer.concat([
  request(METADATA, 6, 5),
  request(FETCH, 11, 7),
  request(FIND_COORDINATOR, 2, 6),
]);
const received = Buffer.concat([
  metadata(5, broker.port, broker.port),
  records,
  coordinator(6, broker.port),
]);
const expected = Buffer.concat([
  metadata(5, proxy.port, broker.port),
  records,
  coordinator(6, proxy.port),
]);

describe('Kafka at the address of a proxy', () => {
  it.each([1, 3, 7, 12, 64, 4_096])('replaces addresses in chunks of %i bytes', (size) => {
    const { toUpstream, toClient } = kafkaAddresses(
      () => broker,
      () => proxy,
    );
    const fed = (bytes: Buffer, feed: (chunk: Buffer) => Buffer) => {
      const all: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size)
        all.push(feed(Buffer.from(bytes.subarray(at, at + size))));
      return Buffer.concat(all);
    };
    expect(fed(sent, toUpstream)).toEqual(sent);
    expect(fed(received, toClient)).toEqual(expected);
  });

  it('reads the earlier versions', () => {
    const { toUpstream, toClient } = kafkaAddresses(
      () => broker,
      () => proxy,
    );
    toUpstream(Buffer.concat([request(METADATA, 0, 1), request(FIND_COORDINATOR, 0, 2)]));
    const answers = (port: number) =>
      Buffer.concat([
        framed(int32(1), int32(1), node(port)),
        framed(int32(2), int16(0), node(port)),
      ]);
    expect(toClient(answers(broker.port))).toEqual(answers(proxy.port));
  });

  it.each([
    ['a version that it cannot read', request(METADATA, 9, 1), /unknown version 9/],
    ['bytes of another protocol', Buffer.from([255, 255, 255, 255, ...Buffer.alloc(8)]), /not a/],
  ])('rejects %s, so that no traffic bypasses the fault', (_, bytes, message) => {
    const { toUpstream } = kafkaAddresses(
      () => broker,
      () => proxy,
    );
    expect(() => toUpstream(bytes)).toThrow(message);
  });
});
