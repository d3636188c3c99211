// `npm run contracts:page`: writes the table and the picture of docs/contracts.md from the committed pacts and the
// committed record of the demo environments. `--check` fails when they are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { canIDeploy } from '@fieldguide/platform-contract-record/can-i-deploy';
import { RecordFile } from '@fieldguide/platform-contract-record/record-file';
import { type Dependency, drawGraph } from './graph.ts';
import { committedPacts } from './pact-files.ts';

const PAGE = 'docs/contracts.md';
const PICTURE = 'docs/contracts.svg';
const RECORD = 'contracts/record.jsonl';
const [BEGIN, END] = ['<!-- pacts -->', '<!-- /pacts -->'];

const dependencies: Dependency[] = committedPacts().map(({ consumer, provider, interactions }) => {
  const answers = (interactions as readonly { request?: unknown }[]).filter(
    ({ request }) => request,
  ).length;
  const messages = interactions.length - answers;
  return { consumer: consumer.name, provider: provider.name, answers, messages };
});
const record = new RecordFile(RECORD).read();
const versions = new Map(
  record.pacticipants.map((name) => [name, record.versions(name).at(-1)!.version]),
);

const text = readFileSync(PAGE, 'utf8');
const files = new Map([
  [PICTURE, drawGraph(dependencies, versions)],
  [PAGE, text.replace(new RegExp(`${BEGIN}[\\s\\S]*${END}`), `${BEGIN}\n\n${tables()}\n\n${END}`)],
]);
const changed = [...files].filter(([path, content]) => read(path) !== content);
if (process.argv.includes('--check')) {
  for (const [path] of changed) console.error(`${path} is stale. Try: npm run contracts:page`);
  process.exitCode = changed.length > 0 ? 1 : 0;
} else {
  for (const [path, content] of changed) writeFileSync(path, content);
  console.log(`${changed.map(([path]) => path).join(', ') || 'Nothing'} changed`);
}

function tables(): string {
  const rows = dependencies.map(({ consumer, provider, answers, messages }) => {
    const pair = [consumer, provider].map((name) => `\`${versions.get(name) ?? '–'}\``);
    const [link, seen] = [
      `../contracts/pacts/${consumer}-${provider}.json`,
      verdict(consumer, provider),
    ];
    return `| [${consumer}](${link}) | ${provider} | ${answers || ''} | ${messages || ''} | ${pair.join(' with ')} | ${seen} |`;
  });
  const places = record.environments.map((environment) => {
    const there = record.pacticipants.filter(
      (name) => record.present(name, environment).length > 0,
    );
    return `- **${environment}**: ${there.length} of ${record.pacticipants.length} services deployed, ${allWell(environment) ? 'all compatible' : '**not all compatible**'}`;
  });
  return [
    '| consumer | provider | responses | messages | last verified versions | verified |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...places,
  ].join('\n');
}

function verdict(consumer: string, provider: string): string {
  const [own, other] = [versions.get(consumer), versions.get(provider)];
  const pact =
    own && record.pactsOf(consumer, own).find((each) => each.provider === provider)?.pact;
  if (!pact || !other) return 'never';
  return record.verdict(pact, provider, other) ? '✓' : '✗';
}

function allWell(environment: string): boolean {
  const together = record.pacticipants.flatMap((pacticipant) =>
    record.present(pacticipant, environment).map((version) => ({ pacticipant, version })),
  );
  return together.length > 0 && canIDeploy(record, { together, environment }).deployable;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
