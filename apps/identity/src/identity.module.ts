import { Module } from '@nestjs/common';
import { Passwords } from './account/passwords.ts';
import { EraseAccountController } from './erase-account/erase-account.controller.ts';
import { PublicKeysController } from './public-keys/public-keys.controller.ts';
import { SigningKey } from './public-keys/signing-key.ts';
import { RegisterController } from './register/register.controller.ts';
import { Secrets } from './session/secrets.ts';
import { Sessions } from './session/sessions.ts';
import { SignInController } from './sign-in/sign-in.controller.ts';
import { SignInHandler } from './sign-in/sign-in.handler.ts';
import { SignOutController } from './sign-out/sign-out.controller.ts';

/** The map of the service: accounts, sign-in, tokens and the keys that check them. */
@Module({
  controllers: [
    RegisterController,
    SignInController,
    SignOutController,
    EraseAccountController,
    PublicKeysController,
  ],
  providers: [Passwords, Secrets, Sessions, SignInHandler, SigningKey],
})
export class IdentityModule {}
