import type {
  CommandContext,
  CommandOptions,
  CommandPlugin,
} from '@fieldguide/platform-model/plugin';
import type { Command } from 'commander';

interface Result {
  readonly data: unknown;
  readonly text: string;
  readonly ok?: boolean;
}
interface MysteryOptions {
  readonly seed?: number;
  readonly hint?: true;
  readonly service?: string;
  readonly pattern?: string;
  readonly evidence?: string;
}
type Work = (labs: Labs, report: (line: string) => void) => Promise<Result>;

/** What labs/frame/labs.ts exports. It is loaded by its path: the system does not depend on its labs. */
interface Labs {
  list(): Promise<Result>;
  start(number: number, report: (line: string) => void): Promise<Result>;
  check(report: (line: string) => void): Promise<Result>;
  hint(): Promise<Result>;
  reset(): Promise<Result>;
  solution(giveUp: boolean, report: (line: string) => void): Promise<Result>;
  next(report: (line: string) => void): Promise<Result>;
  stop(): Promise<Result>;
  doctor(): Promise<Result>;
  lesson(): Promise<{ readonly system: boolean } | null>;
  mystery(options: MysteryOptions, report: (line: string) => void): Promise<Result>;
  version(): string;
  untilEdited(since: string): Promise<void>;
}
const LAB_ENVIRONMENT = 'lab';
const load = (): Promise<Labs> =>
  import(new URL('../../../labs/frame/labs.ts', import.meta.url).href);

/** Adds the commands of the labs. */
export const plugin: CommandPlugin = {
  data: {
    current: async (_query, _context, { env }) => {
      const lesson = await (await load()).lesson();
      // A lab without a system has no console of its own: every environment shows it.
      return env === LAB_ENVIRONMENT || lesson?.system === false ? lesson : null;
    },
  },
  heading: 'Labs:',
  add: (program, context) => {
    const lab = program.command('lab').description('Repair a damaged copy of the system');
    const add = (name: string, text: string, work: Work, example = `lab ${name}`) =>
      context
        .command(lab, name, text, example)
        .action((options: CommandOptions) => run(context, options, work));

    add('list', 'List the labs with your progress', (labs) => labs.list());
    context
      .command(
        lab,
        'start',
        'Start a lab: a copy of the sources, the damage, a system with empty data',
        'lab start 13',
      )
      .argument('<number>', 'Number of the lab')
      .action((number: string, options: CommandOptions) =>
        run(context, options, (labs, report) => labs.start(Number(number), report)),
      );
    addCheck(lab, context);
    add('hint', 'Show the next hint', (labs) => labs.hint());
    add('reset', 'Restore the damage of the lab; your edits are lost', (labs) => labs.reset());
    context
      .command(lab, 'solution', 'Apply and explain the solution of a passed lab', 'lab solution')
      .option('--give-up', 'Show it before the lab is passed')
      .action((options: CommandOptions & { giveUp?: true }) =>
        run(context, options, (labs, report) => labs.solution(options.giveUp === true, report)),
      );
    add('next', 'Start the next lab that is not passed', (labs, report) => labs.next(report));
    addMystery(lab, context);
    add('stop', 'Stop the system of the lab', (labs) => labs.stop());
    add('doctor', 'Show what a lab needs and what is missing', (labs) => labs.doctor());
    // Labs have an environment of their own.
    for (const { options } of lab.commands)
      options.find(({ long }) => long === '--env')?.hideHelp();
  },
};

function addCheck(lab: Command, context: CommandContext): void {
  context
    .command(
      lab,
      'check',
      'Check your edits, in most labs on the running system',
      'lab check --watch',
    )
    .option('-w, --watch', 'Check again after each edit, until the lab is passed')
    .action(async (options: CommandOptions & { watch?: true }) => {
      const labs = await load();
      for (;;) {
        const checked = labs.version();
        await run(context, options, (_, report) => labs.check(report));
        if (!options.watch || process.exitCode === 0) return;
        await labs.untilEdited(checked);
      }
    });
}

function addMystery(lab: Command, context: CommandContext): void {
  context
    .command(
      lab,
      'mystery',
      'Diagnose a hidden fault; with an answer, show what is right',
      'lab mystery',
      'lab mystery --hint',
    )
    .option('--seed <number>', 'Start this fault; random by default', Number)
    .option('--hint', 'Show the next step of the diagnosis')
    .option('--service <name>', 'Answer: the app or backing service at fault')
    .option('--pattern <pattern>', 'Answer: one of the patterns that the start lists')
    .option('--evidence <text>', 'Answer: a metric, a setting or words that show it now')
    .action((options: CommandOptions & MysteryOptions) =>
      run(context, options, (labs, report) => labs.mystery(options, report)),
    );
}

/** Runs a command; the exit code is 1 when its result is not ok. */
async function run({ print }: CommandContext, options: CommandOptions, work: Work): Promise<void> {
  const labs = await load();
  const report = (line: string) =>
    (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const { data, text, ok = true } = await work(labs, report);
  print(options, data, text);
  process.exitCode = ok ? 0 : 1;
}
