// Generates the graph and the table of docs/contracts.md, from the pacts and the record of the demo environments.
import { readFileSync } from 'node:fs';
import { canIDeploy } from '@fieldguide/platform-contract-record/can-i-deploy';
import { RecordFile } from '@fieldguide/platform-contract-record/record-file';
import { dependencies } from '../generate/dependencies.ts';
import { contractGraph } from '../generate/mermaid.ts';

const PAGE = 'docs/contracts.md';
const RECORD = 'contracts/record.jsonl';
const [BEGIN, END] = ['<!-- pacts -->', '<!-- /pacts -->'];

const record = new RecordFile(RECORD).read();
const versions = new Map(
  record.pacticipants.map((name) => [name, record.versions(name).at(-1)!.version]),
);

/** Returns docs/contracts.md with the current graph and table. */
export function contractsPage(): ReadonlyMap<string, string> {
  const text = readFileSync(PAGE, 'utf8');
  const marked = [BEGIN, contractGraph(dependencies(), versions), tables(), END].join('\n\n');
  return new Map([[PAGE, text.replace(new RegExp(`${BEGIN}[\\s\\S]*${END}`), marked)]]);
}

function tables(): string {
  const rows = dependencies().map(({ consumer, provider, requests, interactions }) => {
    const pair = [consumer, provider].map((name) => `\`${versions.get(name) ?? '–'}\``);
    const [link, seen] = [
      `../contracts/pacts/${consumer}-${provider}.json`,
      verdict(consumer, provider),
    ];
    return `| [${consumer}](${link}) | ${provider} | ${requests || ''} | ${interactions - requests || ''} | ${pair.join(' with ')} | ${seen} |`;
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
