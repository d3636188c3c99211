import type { Status } from '@fieldguide/platform-controller/status';
import { appNames, apps, example } from '@fieldguide/platform-host/apps';
import { parseChoice } from '@fieldguide/platform-host/parse-choice';
import type { Command } from 'commander';
import type { Finding } from '../checks/finding.ts';
import { factorsTable, readinessTable } from '../screen/check-tables.ts';
import {
  type CommonOptions,
  choiceArgument,
  command,
  environmentOf,
  platformOf,
  print,
} from './command.ts';

/** Adds the commands that judge the running system. */
export function addCheckCommands(program: Command): void {
  command(
    program,
    'twelve-factors',
    'Check running apps and their artifacts against the twelve factors; exit code 1 if one is red',
    'twelve-factors',
    `twelve-factors ${example.app} --json`,
  )
    .addArgument(choiceArgument('[app]', appNames, 'Name of the app; all by default'))
    .action(async (name: string | undefined, options: CommonOptions) => {
      const { AppEvidenceReader } = await import('../checks/app-evidence.ts');
      const { judgeFactors } = await import('../checks/twelve-factors.ts');
      const wanted = name ? [parseChoice('app', name, appNames)] : appNames;
      const status = await platformOf(options).call<Status>('GET', '/status');
      const reader = new AppEvidenceReader(environmentOf(options), status);
      const chosen = apps.filter((app) => wanted.includes(app.name));
      const evidence = await Promise.all(chosen.map((app) => reader.read(app)));
      report(options, evidence.flatMap(judgeFactors), factorsTable);
    });

  command(
    program,
    'readiness',
    'Check the prerequisites of microservices by evidence of the running system; exit code 1 if one is red',
    'readiness',
  ).action(async (options: CommonOptions) => {
    const { judgeReadiness } = await import('../checks/readiness.ts');
    const { readReadiness } = await import('../checks/readiness-evidence.ts');
    const evidence = await readReadiness(environmentOf(options), platformOf(options));
    report(options, judgeReadiness(evidence), readinessTable);
  });
}

function report(
  options: CommonOptions,
  findings: readonly Finding[],
  text: (findings: readonly Finding[]) => string,
): void {
  print(options, findings, text(findings));
  if (findings.some(({ verdict }) => verdict === 'red')) process.exitCode = 1;
}
