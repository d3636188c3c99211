// Kafka's clients read the address of each broker from its responses and connect there, past any proxy. This translation
// replaces the port in the responses that contain addresses: Metadata and FindCoordinator.
import type { Address, Translation } from './tcp-proxy.ts';

const METADATA = 3;
const FIND_COORDINATOR = 10;
/** Later versions have other encodings. kafkajs uses earlier ones. */
const LAST_KNOWN_VERSION: Readonly<Record<number, number>> = {
  [METADATA]: 8,
  [FIND_COORDINATOR]: 2,
};
const REQUEST_HEADER_BYTES = 12;
const RESPONSE_HEADER_BYTES = 8;
const FRAME_BYTES_MAX = 8 * 1024 * 1024;

interface Pending {
  readonly api: number;
  readonly version: number;
}

/** Shows one broker at the address of the proxy. @throws Error in a version whose responses it cannot read */
export function kafkaAddresses(broker: () => Address, proxy: () => Address): Translation {
  const pending = new Map<number, Pending>();
  const requests = new Frames(REQUEST_HEADER_BYTES, (header) => {
    const [api, version] = [header.readInt16BE(4), header.readInt16BE(6)];
    const last = LAST_KNOWN_VERSION[api];
    if (last === undefined) return undefined;
    if (version > last) throw new Error(`Kafka request ${api} has the unknown version ${version}`);
    pending.set(header.readInt32BE(8), { api, version });
    return undefined;
  });
  const responses = new Frames(RESPONSE_HEADER_BYTES, (header) => {
    const correlation = header.readInt32BE(4);
    const request = pending.get(correlation);
    if (!request) return undefined;
    return (frame) => {
      pending.delete(correlation);
      for (const { host, portAt } of addressesIn(frame, request)) {
        const port = frame.readInt32BE(portAt);
        if (host !== broker().host || port !== broker().port) continue;
        frame.writeInt32BE(proxy().port, portAt);
      }
    };
  });
  return {
    toUpstream: (chunk) => requests.feed(chunk),
    toClient: (chunk) => responses.feed(chunk),
  };
}

interface Found {
  readonly host: string;
  readonly portAt: number;
}

/** Finds the addresses in a response. */
function addressesIn(frame: Buffer, { api, version }: Pending): Found[] {
  let at = RESPONSE_HEADER_BYTES;
  const text = () => {
    const length = Math.max(0, frame.readInt16BE(at)); // -1: null
    at += 2 + length;
    return frame.toString('utf8', at - length, at);
  };
  const address = () => {
    at += 4; // node id
    const host = text();
    at += 4;
    return { host, portAt: at - 4 };
  };
  if (api === FIND_COORDINATOR) {
    at += version >= 1 ? 4 + 2 : 2; // throttle time, error code
    if (version >= 1) text(); // error message
    return [address()];
  }
  if (version >= 3) at += 4; // throttle time
  const brokers = frame.readInt32BE(at);
  at += 4;
  return Array.from({ length: brokers }, () => {
    const found = address();
    if (version >= 1) text(); // rack
    return found;
  });
}

/** Splits a stream into frames. Those that nothing changes pass in the chunks in which they arrive. */
class Frames {
  readonly #headerBytes: number;
  readonly #changeOf: (header: Buffer) => ((frame: Buffer) => void) | undefined;
  #waiting = Buffer.alloc(0);
  /** Bytes of the current frame that pass unchanged. */
  #passing = 0;

  constructor(
    headerBytes: number,
    changeOf: (header: Buffer) => ((frame: Buffer) => void) | undefined,
  ) {
    this.#headerBytes = headerBytes;
    this.#changeOf = changeOf;
  }

  feed(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#waiting, chunk]);
    let at = 0;
    for (;;) {
      const passing = Math.min(this.#passing, bytes.length - at);
      at += passing;
      this.#passing -= passing;
      if (bytes.length - at < this.#headerBytes) break;
      const rest = bytes.subarray(at);
      const frameBytes = 4 + rest.readInt32BE(0);
      if (frameBytes < this.#headerBytes) throw new Error('This is not a Kafka frame');
      const change = this.#changeOf(rest);
      if (!change) {
        this.#passing = frameBytes;
        continue;
      }
      if (frameBytes > FRAME_BYTES_MAX) throw new Error('The frame is too long');
      if (rest.length < frameBytes) break;
      change(rest.subarray(0, frameBytes));
      at += frameBytes;
    }
    this.#waiting = bytes.subarray(at);
    return bytes.subarray(0, at);
  }
}
