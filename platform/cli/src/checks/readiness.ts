// "You must be this tall to use microservices" (https://martinfowler.com/bliki/MicroservicePrerequisites.html). Pure.
import { type Check, type Finding, judge } from './finding.ts';
import type { ReadinessEvidence } from './readiness-evidence.ts';

const START_SECONDS_MAX = 300;
const PUSH_SECONDS_MAX = 600;
const ON_CALL = /on-?call/i;
const POST_MORTEM = /post-?mortem/i;
const NOT_MEASURED = 'A program cannot measure culture: it only looks for the file.';

/** Checks of each prerequisite, in the order of the output. */
const prerequisites: Readonly<Record<string, readonly Check<ReadinessEvidence>[]>> = {
  'Rapid provisioning': [
    {
      name: 'environment',
      expected: `everything was ready within ${START_SECONDS_MAX} s of the last start`,
      where: () => 'fieldguide logs platform',
      shows: ({ events }) => `ready ${startSeconds(events)} s after its start`,
      unmeasured: ({ events }) => startSeconds(events) === undefined && 'its start is not logged',
      faults: ({ events }) => {
        const seconds = startSeconds(events) ?? 0;
        return [seconds > START_SECONDS_MAX && `ready ${seconds} s after its start`];
      },
    },
  ],
  'Basic monitoring': [
    {
      name: 'metrics',
      expected: 'every instance has samples at GET /metrics',
      where: () => 'docs/reference/metrics.md; fieldguide logs',
      shows: ({ metrics }) =>
        `${[...metrics.values()].reduce((sum, each) => sum + each, 0)} samples`,
      faults: ({ metrics }) =>
        [...metrics].map(([instance, samples]) => samples === 0 && `${instance} has none`),
    },
    {
      name: 'objectives',
      expected: 'the map has service level objectives, and the platform measures them',
      where: () => 'system/slo.ts; fieldguide slo',
      shows: ({ slo }) =>
        `${slo.objectives.length} objectives, measured since ${slo.measuredSince}`,
      faults: ({ slo }) => [
        slo.objectives.length === 0 && 'the map has no objective',
        !slo.measuredSince && 'nothing is measured yet',
      ],
    },
    {
      name: 'alert rules',
      expected: 'the rules for Prometheus contain each alert of the map',
      where: () => 'deploy/observability/rules.yml; npm run generate',
      shows: ({ alerts }) =>
        `${alerts.rules.length} rules in the file; whether a Prometheus has loaded it is not measured`,
      faults: ({ alerts: { wanted, rules } }) => [
        wanted.length === 0 && 'the map has no alert',
        ...wanted.map((name) => !rules.includes(name) && `no rule for ${name}`),
      ],
    },
    {
      name: 'traces',
      expected: 'a request through several apps has one trace',
      where: () => 'fieldguide traces; docs/how-to/look-at-a-trace.md',
      shows: ({ traced }) => `a sign-in through ${traced.join(', ')}`,
      faults: ({ traced }) => [traced.length < 2 && 'a sign-in, sent just now, has no trace'],
    },
  ],
  'Rapid deployment': [
    {
      name: 'push',
      expected: `the last push took at most ${PUSH_SECONDS_MAX} s`,
      where: () => 'fieldguide push APP after a change; fieldguide logs platform',
      shows: ({ events }) => `${lastPush(events)} s`,
      unmeasured: ({ events }) =>
        lastPush(events) === undefined && 'nothing was pushed to this environment yet',
      faults: ({ events }) => {
        const seconds = lastPush(events) ?? 0;
        return [seconds > PUSH_SECONDS_MAX && `${seconds} s`];
      },
    },
    {
      name: 'rollback',
      expected: 'the previous artifact of every app that was pushed still exists',
      where: () => '.fieldguide/artifacts; fieldguide rollback APP',
      shows: ({ rollbacks }) => `possible for ${rollbacks.join(', ')}`,
      unmeasured: ({ apps }) =>
        apps.every(({ earlier }) => earlier.length === 0) && 'no app has run another artifact yet',
      faults: ({ apps, rollbacks }) =>
        apps.map(
          ({ app, earlier }) =>
            earlier.length > 0 && !rollbacks.includes(app) && `${app} has lost its last artifact`,
        ),
    },
  ],
  'DevOps culture': [
    {
      name: 'owners',
      expected: 'CODEOWNERS names an owner of each app: who builds it also runs it',
      where: () => `.github/CODEOWNERS. ${NOT_MEASURED}`,
      shows: ({ owned }) => `${owned.length} apps have an owner`,
      faults: ({ apps, owned }) =>
        apps.map(({ app }) => !owned.includes(app) && `${app} has no owner`),
    },
    {
      name: 'runbooks',
      expected: 'a section for each alert of the map',
      where: () => `docs/how-to/runbooks.md. ${NOT_MEASURED}`,
      shows: ({ alerts }) => `${alerts.wanted.length} alerts have one`,
      faults: ({ alerts: { wanted, runbooks } }) =>
        wanted.map((name) => !runbooks.includes(name) && `${name} has none`),
    },
    {
      name: 'on-call',
      expected: 'each alert is a page or a ticket; a page of the docs states who is called',
      where: () => `docs/**/*on-call*.md, no template. ${NOT_MEASURED}`,
      shows: ({ pages }) => withoutTemplates(pages, ON_CALL).join(', '),
      unmeasured: ({ pages }) =>
        withoutTemplates(pages, ON_CALL).length === 0 && 'no page states who is called',
      faults: ({ alerts: { rules, routed } }) =>
        rules.map((name) => !routed.includes(name) && `${name} has no severity`),
    },
    {
      name: 'post-mortem',
      expected: 'a page of the docs on a failure and what it has taught, without blame',
      where: () => `docs/**/*post-mortem*.md, no template. ${NOT_MEASURED}`,
      shows: ({ pages }) => withoutTemplates(pages, POST_MORTEM).join(', '),
      faults: ({ pages }) => [withoutTemplates(pages, POST_MORTEM).length === 0 && 'no such file'],
    },
  ],
};

/** Compares every prerequisite with the evidence. */
export function judgeReadiness(evidence: ReadinessEvidence): Finding[] {
  return Object.entries(prerequisites).flatMap(([subject, checks]) =>
    checks.map((check) => judge(subject, check, evidence)),
  );
}

function withoutTemplates(pages: readonly string[], pattern: RegExp): readonly string[] {
  return pages.filter((file) => pattern.test(file) && !file.includes('template'));
}

type Events = ReadinessEvidence['events'];

/** Returns the seconds from the last start of the platform until all apps were ready. */
function startSeconds(events: Events): number | undefined {
  const started = events.findLast(({ msg }) => msg.startsWith('Starting the environment'));
  if (!started) return undefined;
  const later = events.slice(events.indexOf(started));
  const ready = later.find(({ msg }) => / apps are ready\b/.test(msg));
  return ready && Math.round((Date.parse(ready.time) - Date.parse(started.time)) / 1_000);
}

function lastPush(events: Events): number | undefined {
  const text = events.findLast(({ msg }) => msg.startsWith('✓ Pushed '))?.msg ?? '';
  const seconds = /\((\d+(?:\.\d+)?) s\)/.exec(text)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
