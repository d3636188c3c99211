import { AuthGuard, KeySource, RevokedSessions, TokenRules, TokenVerifier } from '@fieldguide/auth';
import { Clock } from '@fieldguide/clock';
import { ConfigModule, ProcessConfig, Runtime } from '@fieldguide/config';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Global,
  Module,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwksKeySource } from './jwks-key-source.ts';
import { OnSessionEnded } from './on-session-ended.ts';
import { TokenConfig } from './token-config.ts';

/**
 * Authenticates every request with identity's keys, in a global guard, and rejects tokens of ended sessions. Needs
 * ServiceClientModule, unless the service has the keys itself, and MessagingModule to receive the ends of sessions.
 */
@Global()
@Module({})
export class AuthModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #ending = new AbortController();

  constructor(
    private readonly runtime: Runtime,
    private readonly tokens: TokenVerifier,
  ) {}

  /** @param keys where the keys come from; identity's endpoint by default */
  static forRoot({
    keys = JwksKeySource,
  }: {
    readonly keys?: Type<KeySource>;
  } = {}): DynamicModule {
    return {
      module: AuthModule,
      imports: [ConfigModule.forFeature(TokenConfig)],
      controllers: [OnSessionEnded],
      providers: [
        keys,
        { provide: KeySource, useExisting: keys },
        {
          provide: RevokedSessions,
          inject: [Clock],
          useFactory: (clock: Clock) => new RevokedSessions(clock),
        },
        {
          provide: TokenRules,
          inject: [ProcessConfig, TokenConfig],
          useFactory: (
            { SYSTEM_NAME, ENVIRONMENT }: ProcessConfig,
            { TOKEN_ISSUER, TOKEN_AUDIENCE, TOKEN_JWKS_URL }: TokenConfig,
          ) => {
            const own = `${SYSTEM_NAME}/${ENVIRONMENT}`;
            return new TokenRules(TOKEN_ISSUER ?? own, TOKEN_AUDIENCE ?? own, !TOKEN_JWKS_URL);
          },
        },
        {
          provide: TokenVerifier,
          inject: [TokenRules, KeySource, RevokedSessions, Clock],
          useFactory: (
            rules: TokenRules,
            source: KeySource,
            revoked: RevokedSessions,
            clock: Clock,
          ) => new TokenVerifier(rules, source, revoked, clock),
        },
        { provide: APP_GUARD, useClass: AuthGuard },
      ],
      exports: [keys, TokenRules, TokenVerifier, RevokedSessions],
    };
  }

  /** In the background: it finds identity before the first request needs its keys. */
  onApplicationBootstrap(): void {
    if (this.runtime.isServing) void this.tokens.prefetch(this.#ending.signal);
  }

  beforeApplicationShutdown(): void {
    this.#ending.abort();
  }
}
