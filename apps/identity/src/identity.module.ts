import { ConfigModule } from '@fieldguide/config';
import { DatabaseModule } from '@fieldguide/database';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { MessagingModule } from '@fieldguide/messaging';
import { AuthModule, ServiceClientModule, ServiceModule } from '@fieldguide/service';
import { WorkersModule } from '@fieldguide/workers';
import { Module } from '@nestjs/common';
import { IdentityTables1760000002000 } from '../migrations/1760000002000-identity-tables.ts';
import { SessionEnds1760000012001 } from '../migrations/1760000012001-session-ends.ts';
import { FailedSignIns1760000030000 } from '../migrations/1760000030000-failed-sign-ins.ts';
import { SessionsByAccount1760000031000 } from '../migrations/1760000031000-sessions-by-account.ts';
import { SessionRotation1760000032000 } from '../migrations/1760000032000-session-rotation.ts';
import { ClientSid1760000033000 } from '../migrations/1760000033000-client-sid.ts';
import { Account } from './account/account.entity.ts';
import { Passwords } from './account/passwords.ts';
import { ChangePasswordController } from './change-password/change-password.controller.ts';
import { Client } from './client/client.entity.ts';
import { EraseAccountController } from './erase-account/erase-account.controller.ts';
import { IdentityConfig } from './identity.config.ts';
import { OAuthController } from './oauth/oauth.controller.ts';
import { PublicKeysController } from './public-keys/public-keys.controller.ts';
import { SigningKey } from './public-keys/signing-key.ts';
import { RegisterController } from './register/register.controller.ts';
import { RevokeClientController } from './revoke-client/revoke-client.controller.ts';
import { AccountSeeder } from './seed/seed-accounts.ts';
import { Secrets } from './session/secrets.ts';
import { Session } from './session/session.entity.ts';
import { sessionRetention } from './session/session.retention.ts';
import { SessionsController } from './session/sessions.controller.ts';
import { Sessions } from './session/sessions.ts';
import { FailedSignIns } from './sign-in/failed-sign-ins.entity.ts';
import { failedSignInRetention } from './sign-in/failed-sign-ins.retention.ts';
import { SignInController } from './sign-in/sign-in.controller.ts';
import { SignInHandler } from './sign-in/sign-in.handler.ts';
import { SignInThrottle } from './sign-in/sign-in-throttle.ts';
import { SignOutController } from './sign-out/sign-out.controller.ts';

/** The map of the service: accounts, sign-in, tokens and the keys that check them. */
@Module({
  imports: [
    ServiceModule.forRoot({ name: 'identity' }),
    ServiceDiscoveryModule.forRoot(),
    ServiceClientModule.forRoot(),
    AuthModule.forRoot({ keys: SigningKey }),
    DatabaseModule.forRoot({
      entities: [Account, Session, Client, FailedSignIns],
      migrations: [
        IdentityTables1760000002000,
        SessionEnds1760000012001,
        FailedSignIns1760000030000,
        SessionsByAccount1760000031000,
        SessionRotation1760000032000,
        ClientSid1760000033000,
      ],
      retention: [sessionRetention, failedSignInRetention],
      seeder: AccountSeeder,
    }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot(),
    ConfigModule.forFeature(IdentityConfig),
  ],
  controllers: [
    RegisterController,
    SignInController,
    SignOutController,
    SessionsController,
    ChangePasswordController,
    EraseAccountController,
    RevokeClientController,
    PublicKeysController,
    OAuthController,
  ],
  providers: [Passwords, Secrets, Sessions, SignInHandler, SignInThrottle],
})
export class IdentityModule {}
