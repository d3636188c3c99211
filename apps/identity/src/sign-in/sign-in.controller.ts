import { Public } from '@fieldguide/auth';
import { TokenRequest } from '@fieldguide/contracts/identity';
import { Body, Controller, Header, Headers, HttpCode, Ip, Post } from '@nestjs/common';
import { SignInHandler } from './sign-in.handler.ts';

@Controller('auth/tokens')
export class SignInController {
  constructor(private readonly signIn: SignInHandler) {}

  @Public()
  @Post()
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  token(
    @Body({ schema: TokenRequest }) request: TokenRequest,
    @Ip() address: string,
    @Headers('user-agent') device?: string,
  ) {
    return this.signIn.handle(request, { address, device });
  }
}
