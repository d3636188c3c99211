import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';

/** Unguessable values, from one place so that a test can foresee them. */
@Injectable()
export class Secrets {
  bytes(count: number): Buffer {
    return randomBytes(count);
  }

  text(): string {
    return this.bytes(32).toString('base64url');
  }
}

/** For random secrets, not for passwords: 256 bits need no slow hash. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export function sameSecret(secret: string, hash: string): boolean {
  const [a, b] = [Buffer.from(fingerprint(secret)), Buffer.from(hash)];
  return a.length === b.length && timingSafeEqual(a, b);
}
