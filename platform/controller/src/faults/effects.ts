import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '@fieldguide/platform-host/apps';
import type { BackingName } from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import type { Instance } from '../runner/instance.ts';
import type { Disturbance } from './disturbance.ts';
import type { Effect, FaultContext } from './effect.ts';

const NEXT_ATTEMPT_MS = 1_000;

/** Stops every instance of an app; the reconciler starts none until the fault ends. */
export async function keepAppDown(
  { name }: App,
  { faults, platform }: FaultContext,
): Promise<Effect> {
  const reconciler = platform.reconcilers.get(name)!;
  if (faults.down.has(name)) throw alreadyDown(name);
  // Starts nothing: a stopping platform releases the fault too.
  const release = () => void faults.down.delete(name);
  faults.down.add(name);
  await reconciler.converged().catch((error: unknown) => {
    release();
    reconciler.reconcile();
    throw error;
  });
  return { release, restore: () => reconciler.converged() };
}

/** Stops a backing service; the platform starts it again when the fault ends. */
export async function keepServiceDown(
  name: BackingName,
  { platform: { backing } }: FaultContext,
): Promise<Effect> {
  if (backing.isKeptDown(name)) throw alreadyDown(name);
  await backing.keepDown(name);
  return { release: () => undefined, restore: () => backing.bringUp(name) };
}

/** Stops a process with SIGSTOP; the health manager leaves it in place. */
export async function freeze(instance: Instance, { faults, end }: FaultContext): Promise<Effect> {
  if (faults.frozen.has(instance.name))
    throw new CliError(`${instance.id} is already frozen by a fault.`, 'fieldguide fault list');
  faults.frozen.add(instance.name);
  instance.child.signal('SIGSTOP');
  void instance.child.exited.then(end); // a push has replaced it
  return {
    release: () => {
      instance.child.signal('SIGCONT');
      faults.frozen.delete(instance.name);
    },
    restore: async () => undefined,
  };
}

/** Leads traffic through a proxy, and disturbs it there. Instances are replaced one by one before and after. */
export async function disturb(
  app: App,
  to: string | undefined,
  disturbance: Disturbance,
  { faults: { proxies }, platform }: FaultContext,
): Promise<Effect> {
  if (to === 'kafka' && !platform.backing.kafka.child)
    throw new CliError(
      'Cannot insert a proxy before an attached Kafka: its brokers advertise their own addresses.',
      'fieldguide start --kafka apache runs a broker of its own',
    );
  const reconciler = platform.reconcilers.get(app.name)!;
  const route = await proxies.open(app, to);
  const refresh = () => {
    for (const proxy of route.proxies) proxy.refresh();
  };
  const restore = async () => {
    if (!proxies.leave(route)) return;
    // A closed proxy would cut off an instance that still uses it.
    while (!platform.isStopping && !(await reconciler.converged().then(yes, no)))
      await sleep(NEXT_ATTEMPT_MS);
    await proxies.close(route);
  };
  try {
    await reconciler.converged();
  } catch (error) {
    void restore();
    throw error;
  }
  route.isComplete = true;
  route.disturbances.add(disturbance);
  refresh();
  return {
    release: () => {
      route.disturbances.delete(disturbance);
      refresh();
    },
    restore,
  };
}

const yes = () => true;
const no = () => false;

function alreadyDown(name: string): CliError {
  return new CliError(`${name} is already kept down by a fault.`, 'fieldguide fault list');
}
