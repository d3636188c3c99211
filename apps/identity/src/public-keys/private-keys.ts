import { createPrivateKey, type KeyObject } from 'node:crypto';

const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/g;

/**
 * The private keys of a text with one or more PEM blocks, in their order.
 * @throws Error, without any part of the text, when there is none or one is no key of P-256
 */
export function privateKeysIn(text: string): KeyObject[] {
  const keys = (text.match(PEM) ?? []).map((pem) => {
    try {
      return createPrivateKey(pem);
    } catch {
      throw new Error('a PEM block is no private key');
    }
  });
  if (keys.length === 0) throw new Error('no PRIVATE KEY in PEM format');
  if (keys.some((key) => key.asymmetricKeyDetails?.namedCurve !== 'prime256v1'))
    throw new Error('a key is not of the curve P-256');
  return keys;
}
