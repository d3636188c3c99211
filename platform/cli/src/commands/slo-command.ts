import type { SloReport } from '@fieldguide/platform-controller/slo/objective-watch';
import type { Command } from 'commander';
import { sloTable } from '../screen/slo-table.ts';
import { type CommonOptions, command, platformOf, print } from './command.ts';

/** Adds the command that shows the objectives. */
export function addSloCommand(program: Command): void {
  command(
    program,
    'slo',
    'Show service level objectives with their error budgets and burn rates',
    'slo',
    'slo --json',
  ).action(async (options: CommonOptions) => {
    const report = await platformOf(options).call<SloReport>('GET', '/slo');
    print(options, report, sloTable(report));
  });
}
