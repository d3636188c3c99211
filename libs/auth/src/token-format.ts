import { createHash, sign as ecdsaSign, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** The order of the group of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SCALAR_BYTES = 32;

// An unencoded payload is refused, critical or not; jose refuses every other extension (RFC 8725, section 3.10).
const Header = z.object({
  typ: z.enum(['at+jwt', 'application/at+jwt']),
  kid: z.string().min(1),
  b64: z.never().optional(),
});

/**
 * Checks the form of a token before its signature: the header of an access token (RFC 9068), and one spelling of each
 * token, because a cache and a revocation list must not know the same token under two names.
 * @returns the key id
 * @throws Error that names the violation
 */
export function keyIdOf(token: string, requiresLowS: boolean): string {
  const parts = token.split('.');
  const [header, , signature] = parts.map((part) => {
    const bytes = Buffer.from(part, 'base64url');
    if (bytes.toString('base64url') !== part) throw new Error('it is not canonical base64url');
    return bytes;
  });
  if (parts.length !== 3 || !header || !signature) throw new Error('it is no signed token');
  const { kid } = Header.parse(JSON.parse(header.toString()));
  if (requiresLowS && scalarOf(signature) > ORDER / 2n)
    throw new Error('its signature has a high s');
  return kid;
}

/** Signs an access token (RFC 9068), with the lower one of the two signatures (r, s) and (r, n − s). */
export function signToken(
  claims: Readonly<Record<string, unknown>>,
  key: KeyObject,
  kid: string,
  header: Readonly<Record<string, unknown>> = { alg: 'ES256', typ: 'at+jwt', kid },
): string {
  const content = [header, claims].map((part) => encode(JSON.stringify(part))).join('.');
  const signature = ecdsaSign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
  const s = scalarOf(signature);
  return `${content}.${encode(s > ORDER / 2n ? otherSignature(signature) : signature)}`;
}

/** The thumbprint of a public key (RFC 7638): the hash of its required members in lexical order. */
export function thumbprintOf({ crv, kty, x, y }: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** The second valid signature of the same content. */
export function otherSignature(signature: Buffer): Buffer {
  const s = (ORDER - scalarOf(signature)).toString(16).padStart(2 * SCALAR_BYTES, '0');
  return Buffer.concat([signature.subarray(0, SCALAR_BYTES), Buffer.from(s, 'hex')]);
}

const scalarOf = (signature: Buffer) =>
  BigInt(`0x0${signature.subarray(SCALAR_BYTES).toString('hex')}`);

const encode = (content: string | Buffer) => Buffer.from(content).toString('base64url');
