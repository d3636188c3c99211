import { AuthGuard, RevokedSessions, TokenVerifier } from '@fieldguide/auth';
import { Clock, Ids } from '@fieldguide/clock';
import type { ConfigClass } from '@fieldguide/config';
import { Database, Leases, Notifier, UnitOfWorkRunner } from '@fieldguide/database';
import { ServiceRegistry } from '@fieldguide/discovery';
import { Messaging } from '@fieldguide/messaging';
import { ProblemFilter } from '@fieldguide/problems';
import { Health } from '@fieldguide/telemetry';
import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { DeadLettersController } from './dead-letters.controller.ts';
import { OnSessionEnded } from './on-session-ended.ts';
import { OpsController } from './ops.controller.ts';
import { PARTS, type Parts } from './parts.ts';
import { ServiceClient } from './service-client.ts';

/** Provides the parts globally, and registers the guard, filter and endpoints of every service. */
@Global()
@Module({})
export class ServiceModule {
  static of(parts: Parts, config: ConfigClass, module: Type, tokens: TokenVerifier): DynamicModule {
    const values: [unknown, unknown][] = [
      [PARTS, parts],
      [config, parts.config.values],
      [Clock, parts.clock],
      [Ids, parts.ids],
      [Health, parts.health],
      [ServiceRegistry, parts.registry],
      [ServiceClient, parts.serviceClient],
      [RevokedSessions, parts.revokedSessions],
      [TokenVerifier, tokens],
      [Database, parts.database],
      [UnitOfWorkRunner, parts.units],
      [Leases, parts.leases],
      [Notifier, parts.notifier],
      [Messaging, parts.messaging],
    ];
    const present = values.filter(([, value]) => value !== undefined);
    return {
      module: ServiceModule,
      imports: [module],
      controllers: [
        OpsController,
        DeadLettersController,
        ...(parts.messaging ? [OnSessionEnded] : []),
      ],
      providers: [
        ...present.map(([provide, useValue]) => ({ provide: provide as Type, useValue })),
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
      exports: present.map(([provide]) => provide as Type),
    };
  }
}
