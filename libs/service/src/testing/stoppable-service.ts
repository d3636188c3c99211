// A service that its parent kills in one phase of its shutdown: see shutdown.int.spec.ts.
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseModule, type UnitOfWork, UnitOfWorkRunner } from '@fieldguide/database';
import { Thing, ThingsTable1760000009000, thing } from '@fieldguide/database/testing';
import { ServiceDiscoveryModule } from '@fieldguide/discovery';
import { type MessageOf, MessagingModule, OnMessage, publish } from '@fieldguide/messaging';
import { KafkaMessaging } from '@fieldguide/messaging/parts';
import { WorkersModule } from '@fieldguide/workers';
import {
  type BeforeApplicationShutdown,
  Controller,
  HttpCode,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
  Param,
  Post,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { runService } from '../run-service.ts';
import { ServiceModule } from '../service.module.ts';

export const ThingSent = {
  topic: 'sent.v1',
  senders: ['test'],
  type: 'ThingSent',
  data: z.object({}),
};
export const ThingCounted = {
  topic: 'counted.v1',
  senders: ['things'],
  type: 'ThingCounted',
  data: z.object({}),
};
/** The phases in which the shutdown can stop, in their order. */
export const phases = ['draining', 'workersStop', 'connectionsClose', 'poolsClose'] as const;
type Phase = (typeof phases)[number];

/** Once it stops, each publish begins late, and each batch is acknowledged late: work in hand when it is killed. */
const SLOW_MS = 1_500;
let isStopping = false;
process.once('SIGTERM', () => {
  isStopping = true;
});
const slowDown = async () => {
  if (isStopping) await sleep(SLOW_MS);
};
const { publish: send, subscribe } = KafkaMessaging.prototype;
KafkaMessaging.prototype.publish = async function (batch) {
  await slowDown();
  return send.call(this, batch);
};
KafkaMessaging.prototype.subscribe = function (topics, options, handle) {
  return subscribe.call(this, topics, options, async (batch) => {
    await handle(batch);
    await slowDown();
  });
};

/** Counts a thing and publishes that it was counted, in one unit of work. */
async function count(id: string, uow: UnitOfWork): Promise<void> {
  const row = (await uow.load(Thing, id)) ?? thing(id);
  row.count += 1;
  await uow.save(Thing, row);
  publish(uow, ThingCounted, id, {});
}

@Controller('things')
class ThingsController {
  constructor(private readonly units: UnitOfWorkRunner) {}

  @OnMessage(ThingSent)
  handle({ subject }: MessageOf<typeof ThingSent>, uow: UnitOfWork) {
    return count(subject, uow);
  }

  @Post(':id')
  @HttpCode(200)
  async add(@Param('id') id: string) {
    await this.units.run((uow) => count(id, uow));
    return { id };
  }
}

/** Prints each phase, and waits for ever in the one that STOP_IN names. */
class ShutdownPhases
  implements OnModuleInit, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(private readonly host: HttpAdapterHost<FastifyAdapter>) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    fastify.addHook('onListen', async () => print('port', fastify.server.address()));
    fastify.addHook('onClose', () => this.#enter('connectionsClose'));
  }

  onModuleDestroy = () => this.#enter('draining');
  beforeApplicationShutdown = () => this.#enter('workersStop');
  onApplicationShutdown = () => this.#enter('poolsClose');

  async #enter(phase: Phase): Promise<void> {
    print('phase', phase);
    if (phase === process.env.STOP_IN) await new Promise(() => undefined);
  }
}
const print = (key: string, value: unknown) =>
  process.stdout.write(`${JSON.stringify({ [key]: value })}\n`);

@Module({
  imports: [
    ServiceModule.forRoot({ name: 'things' }),
    ServiceDiscoveryModule.forRoot(),
    DatabaseModule.forRoot({ entities: [Thing], migrations: [ThingsTable1760000009000] }),
    WorkersModule.forRoot(),
    MessagingModule.forRoot(),
  ],
  controllers: [ThingsController],
  providers: [
    {
      provide: ShutdownPhases,
      inject: [HttpAdapterHost],
      useFactory: (host: HttpAdapterHost<FastifyAdapter>) => new ShutdownPhases(host),
    },
  ],
})
class StoppableModule {}

if (process.env.DATABASE_URL) void runService(StoppableModule);
