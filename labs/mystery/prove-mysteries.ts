import { join } from 'node:path';
import { root } from '@fieldguide/platform-host/environment';
import { output } from '@fieldguide/tools/contracts/run';
import { formatVerdict, runChecks } from '../frame/checks.ts';
import type { LabPlatform } from '../frame/lab-platform.ts';
import type { Shop } from '../frame/shop.ts';
import { type Mystery, mysteries, patterns } from './mysteries.ts';
import { begin, end, judge, placeOrders } from './mystery.ts';

const cli = join(root, 'platform/cli/bin/fieldguide.mjs');

/** Proves that the way shows the cause, wrong answers are refused, and the system is healthy afterwards. @returns the problems */
export async function proveMysteries(
  system: LabPlatform,
  seeds: readonly number[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const seed of seeds) {
    const startMs = performance.now();
    const mystery = mysteries[seed - 1];
    const found = mystery ? await prove(system, mystery) : ['there is no such seed'];
    const seconds = Math.round((performance.now() - startMs) / 1_000);
    console.log(`${found.length > 0 ? '✗' : '✓'} mystery ${seed} (${seconds} s)`);
    problems.push(...found.map((each) => `mystery ${seed}: ${each}`));
  }
  return problems;
}

async function prove(system: LabPlatform, mystery: Mystery): Promise<string[]> {
  const problems: string[] = [];
  const shop = await system.shop();
  await begin(system.client, mystery);
  try {
    await placeOrders(shop);
    for (const { command, shows } of mystery.way) {
      const args = [cli, ...command.split(' '), '--env', system.environment.name];
      const printed = async () => (await output(process.execPath, args, { cwd: root })).output;
      const last = await shop.last(printed, (text) => shows.test(text));
      if (!shows.test(last)) problems.push(`"${command}" does not show ${shows}:\n${last}`);
    }
    problems.push(...(await proveAnswers(shop, mystery)));
  } finally {
    await end(system.client, mystery);
  }
  const failed = (await runChecks({ checks: [] }, shop)).find((verdict) => !verdict.ok);
  if (failed) problems.push(`the system is not restored\n${formatVerdict(failed)}`);
  return problems;
}

async function proveAnswers(shop: Shop, mystery: Mystery): Promise<string[]> {
  const { service, pattern, evidence } = mystery;
  const right = { service, pattern, evidence: `it shows ${evidence[0]!.terms[0]}!` };
  const wrong = [
    ['service', { ...right, service: 'catalog' }],
    ['pattern', { ...right, pattern: patterns.find((each) => each !== pattern)! }],
    ['evidence', { ...right, evidence: 'it is slow' }],
  ] as const;
  const problems: string[] = [];
  for (const [part, answer] of wrong) {
    const { help = '', ...parts } = await judge(shop, mystery, answer);
    if (parts[part] || !help) problems.push(`a wrong ${part} is accepted`);
    const given = [mystery.service, mystery.pattern].filter((each) => help.includes(each));
    if (given.length > 0) problems.push(`the help on a wrong ${part} names ${given.join()}`);
  }
  for (const { terms } of evidence)
    for (const term of terms) {
      const judged = () => judge(shop, mystery, { ...right, evidence: term });
      const last = await shop.last(judged, ({ help }) => !help);
      if (last.help) problems.push(`the evidence "${term}" is refused: ${last.help}`);
    }
  return problems;
}
