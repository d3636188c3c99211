// `npm run lab:contract-changes`
import { Command } from 'commander';
import { checkEdits, playCatalogue } from './catalogue.ts';
import { playDemo } from './demo.ts';

const program = new Command('npm run lab:contract-changes --')
  .description('Change contracts in a copy of the sources and compare the verdicts of the tests')
  .option('--only <text>', 'Apply only changes whose name contains this text')
  .option('--dry-run', 'Apply the edits, but run no tests')
  .action(async ({ only, dryRun }: { only?: string; dryRun?: true }) => {
    process.exitCode = (dryRun ? checkEdits(only) : await playCatalogue(only)) ? 0 : 1;
  });
program
  .command('demo')
  .description('Rename a field: show what breaks, which check stops it, and how to avoid the break')
  .option('--step', 'Wait for Enter after each step')
  .action(async ({ step }: { step?: true }) => {
    process.exitCode = (await playDemo(Boolean(step))) ? 0 : 1;
  });
await program.parseAsync();
