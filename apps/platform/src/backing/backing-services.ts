import type { Environment } from '../environment.ts';
import type { BackingService, Choices, Say } from './backing-service.ts';
import { startConsul } from './consul.ts';
import { startKafka } from './kafka.ts';
import { startPostgres } from './postgres.ts';

export interface BackingServices {
  readonly postgres: BackingService;
  readonly kafka: BackingService;
  readonly consul: BackingService;
  stop(): Promise<void>;
}

/** Starts the three side by side. When one fails, the others are stopped again before the fault is thrown. */
export async function startBackingServices(
  environment: Environment,
  postgresPassword: string,
  choices: Choices,
  say: Say,
): Promise<BackingServices> {
  const ports = await environment.ports();
  const timed = async (starting: Promise<BackingService>) => {
    const begun = performance.now();
    const service = await starting;
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    const address = service.url.replace(/^[a-z]+:\/\/(?:[^@]*@)?/, '').replace(/\/.*$/, '');
    say(
      `✓ ${service.name.padEnd(11)} ${service.version.padEnd(8)} ${service.origin.padEnd(26)} ${address.padEnd(18)} ${seconds} s`,
    );
    return service;
  };
  const starting = [
    timed(startPostgres(environment, ports.postgres, postgresPassword, choices.postgres, say)),
    timed(startKafka(environment, ports, choices.kafka, say)),
    timed(startConsul(environment, ports, choices.consul, say)),
  ];
  const results = await Promise.allSettled(starting);
  const started = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async () => {
    await Promise.all(started.map((service) => service.stop()));
  };
  const failed = results.find((each) => each.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const [postgres, kafka, consul] = started as [BackingService, BackingService, BackingService];
  return { postgres, kafka, consul, stop };
}
