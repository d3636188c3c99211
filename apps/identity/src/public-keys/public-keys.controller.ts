import { Public } from '@fieldguide/auth';
import { Controller, Get, Header } from '@nestjs/common';
import { SigningKey } from './signing-key.ts';

@Controller('.well-known/jwks.json')
export class PublicKeysController {
  constructor(private readonly key: SigningKey) {}

  @Public()
  @Get()
  @Header('cache-control', 'public, max-age=60')
  async keys() {
    const keys = await this.key.keys();
    return { keys: keys.map((key) => ({ ...key, use: 'sig', alg: 'ES256' })) };
  }
}
