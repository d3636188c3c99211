import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';

/** A rotation in progress: the next key is published before it signs, a previous one until its last token expires. */
export interface Rotation {
  readonly next?: string;
  readonly previous?: readonly {
    readonly key: string;
    /** ISO time at which the key's last token has expired. */
    readonly until: string;
  }[];
}

/** Generates a private key in PEM format. */
export function es256Key(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The PEM text of an issuer: the key that signs, then those that are only published. */
export function issuerKeys(signing: string, { next = '', previous = [] }: Rotation = {}): string {
  return [signing, next, ...previous.map(({ key }) => key)].join('');
}

/** The thumbprint of a key (RFC 7638): tokens carry it as the id of their key. */
export function thumbprintOf(pem: string): string {
  const { crv, kty, x, y } = createPublicKey(pem).export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** The thumbprints of all keys of a PEM text, in its order. */
export function thumbprintsIn(text: string): string[] {
  return (text.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(thumbprintOf);
}
