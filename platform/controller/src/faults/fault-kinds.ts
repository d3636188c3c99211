import { appNames } from '@fieldguide/platform-host/apps';
import { backingNames } from '@fieldguide/platform-host/backing-services/backing-service';
import { CliError } from '@fieldguide/platform-host/cli-error';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { Effect, FaultContext } from './effect.ts';
import { disturb, freeze, keepAppDown, keepServiceDown } from './effects.ts';
import type { FaultKindInfo, FaultKindName, ParameterName, RequestOf } from './fault.ts';
import { appOf, assertHttp, dependencyOf, isBacking, topicNames } from './targets.ts';
import { duplicate, poison } from './topic-faults.ts';

/** One kind of fault. */
export interface FaultKind<Request> {
  readonly summary: string;
  /** What happens when it ends. */
  readonly restores: string;
  readonly target: FaultKindInfo['target'];
  /** It may be on the way to a dependency. */
  readonly takesTo?: true;
  readonly parameters: readonly ParameterName[];
  /** Nothing stays active. */
  readonly isMomentary?: true;
  /** Resolves when the fault is in effect. @throws CliError when it is not possible there; nothing has changed then */
  start(request: Request, context: FaultContext): Promise<Effect>;
}

const REPLACES = 'The instances of the app are replaced one by one, without the proxy';

/** Every kind of fault. */
export const faultKinds: { readonly [Kind in FaultKindName]: FaultKind<RequestOf<Kind>> } = {
  down: {
    summary: 'Stop an app or a backing service, and keep it down',
    restores: 'The health manager starts it again',
    target: 'app or backing service',
    parameters: [],
    start: async ({ target }, context) => {
      parseChoice('app or backing service', target, [...appNames, ...backingNames]);
      if (isBacking(target)) return keepServiceDown(target, context);
      return keepAppDown(appOf(target), context);
    },
  },
  freeze: {
    summary: 'Freeze an instance with SIGSTOP; the health manager leaves it in place',
    restores: 'The instance continues (SIGCONT)',
    target: 'instance',
    parameters: [],
    start: async ({ target }, context) => freeze(instanceOf(target, context), context),
  },
  latency: {
    summary: 'Delay requests to an app, or its traffic to a dependency',
    restores: REPLACES,
    target: 'app',
    takesTo: true,
    parameters: ['delayMs', 'jitterMs', 'percent'],
    start: async ({ delayMs, jitterMs, percent, ...where }, context) =>
      disturb(...routeOf(where), { kind: 'latency', delayMs, jitterMs, percent }, context),
  },
  reset: {
    summary: 'Reset connections to an app, or from it to a dependency',
    restores: REPLACES,
    target: 'app',
    takesTo: true,
    parameters: ['percent'],
    start: async ({ percent, ...where }, context) =>
      disturb(...routeOf(where), { kind: 'reset', percent }, context),
  },
  refuse: {
    summary: 'Refuse connections to an app, or from it to a dependency',
    restores: REPLACES,
    target: 'app',
    takesTo: true,
    parameters: [],
    start: async (where, context) => disturb(...routeOf(where), { kind: 'refuse' }, context),
  },
  'http-error': {
    summary: 'Respond to requests with an HTTP error instead of the app',
    restores: REPLACES,
    target: 'app',
    takesTo: true,
    parameters: ['status', 'percent'],
    start: async ({ status, percent, ...where }, context) => {
      const [app, to] = routeOf(where);
      assertHttp(app, to);
      return disturb(app, to, { kind: 'http-error', status, percent }, context);
    },
  },
  'slow-consumer': {
    summary: 'Slow the message handlers of an app: each statement to its database waits',
    restores: REPLACES,
    target: 'app',
    parameters: ['delayMs'],
    start: async ({ target, delayMs }, context) => {
      const app = appOf(target);
      if (!app.hasDatabase || !app.hasMessaging)
        throw new CliError(
          `${target} has no message handlers with a database.`,
          'fieldguide fault list --kinds shows the possible targets',
        );
      const latency = { kind: 'latency', delayMs, jitterMs: 0, percent: 100 } as const;
      return disturb(app, 'postgres', latency, context);
    },
  },
  'poison-record': {
    summary: 'Send a record that no parser reads to a topic',
    restores: 'The dead letters that it has become are discarded',
    target: 'topic',
    parameters: [],
    start: async ({ target }, context) => poison(topicOf(target), context),
  },
  'duplicate-messages': {
    summary: 'Send the last records of a topic again, byte by byte',
    restores: 'Nothing: the consumers discard duplicates',
    target: 'topic',
    parameters: ['count'],
    isMomentary: true,
    start: async ({ target, count }, context) => duplicate(topicOf(target), count, context),
  },
};

function routeOf({ target, to }: { readonly target: string; readonly to?: string | undefined }) {
  const app = appOf(target);
  return [app, to === undefined ? undefined : dependencyOf(app, to)] as const;
}

function topicOf(name: string): string {
  return parseChoice('topic', name, topicNames);
}

function instanceOf(target: string, { platform: { reconcilers } }: FaultContext) {
  const all = [...reconcilers.values()].flatMap(({ slots }) => [...slots.values()]);
  const running = all.map(({ instance }) => instance).filter(({ child }) => child.isRunning);
  const id = parseChoice(
    'instance',
    target,
    running.map((each) => each.id),
  );
  return running.find((each) => each.id === id)!;
}
