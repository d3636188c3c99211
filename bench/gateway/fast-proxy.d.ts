/** The library has no types; as far as proxies.ts uses it. */
declare module 'fast-proxy' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export default function fastProxy(settings: object): {
    proxy(incoming: IncomingMessage, outgoing: ServerResponse, url: string, options: object): void;
  };
}
