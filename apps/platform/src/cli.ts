import { Command, Option } from 'commander';
import { appNames, apps } from './apps.ts';
import { askStatus, openControl, tell } from './controller/control.ts';
import { Platform } from './controller/platform.ts';
import { runningPlatform } from './controller/state.ts';
import { watchSources } from './controller/watch-sources.ts';
import { Environment } from './environment.ts';
import { Fault } from './fault.ts';
import { showLogs } from './log-stream/logs.ts';
import { until } from './runner/child.ts';
import { readyScreen, statusTable } from './screen/screen.ts';
import { stage } from './stager/stage.ts';

const DEFAULT_PORT = 8080;
const fromEnvironment = () =>
  new Option('--env <name>', 'which environment').default(process.env.FIELDGUIDE_ENV ?? 'local');

export async function run(argv: string[]): Promise<void> {
  quietKafkajs();
  const program = new Command('fieldguide')
    .description('Runs Fieldguide on this machine: backing services, apps, logs.')
    .showHelpAfterError();

  program
    .command('start')
    .description('start everything and stay in the foreground; Ctrl-C stops it')
    .addOption(fromEnvironment())
    .option('--port <number>', "the gateway's port; 0 for any", parsePort)
    .addOption(
      new Option('--postgres <link>', 'force a link of the chain').choices([
        'attached',
        'embedded',
      ]),
    )
    .addOption(
      new Option('--kafka <link>', 'force a link of the chain').choices(['attached', 'apache']),
    )
    .addOption(
      new Option('--consul <link>', 'force a link of the chain').choices([
        'attached',
        'path',
        'cache',
        'hashicorp',
        'debian',
      ]),
    )
    .option('--json', 'one line of JSON when ready, for programs')
    .addHelpText('after', '\nExample: fieldguide start --env staging --port 8081 --kafka=apache')
    .action(start);
  program
    .command('dev')
    .description('like start; apps whose sources change are staged again and restarted')
    .addOption(fromEnvironment())
    .option('--port <number>', "the gateway's port; 0 for any", parsePort)
    .action((options: StartOptions) => start({ ...options, watch: true }));
  program
    .command('stop')
    .description('stop the running platform')
    .addOption(fromEnvironment())
    .action(stop);
  program
    .command('status')
    .description('what runs, where, and how it feels')
    .addOption(fromEnvironment())
    .option('--json', 'for programs')
    .action(async ({ env, json }: { env: string; json?: boolean }) => {
      const status = await askStatus(new Environment(env));
      console.log(json ? JSON.stringify(status) : statusTable(status));
    });
  program
    .command('logs [app]')
    .description('the logs of one app, or of all, in order of time')
    .addOption(fromEnvironment())
    .option('-f, --follow', 'go on until Ctrl-C')
    .addHelpText('after', '\nExample: fieldguide logs -f ordering')
    .action((app: string | undefined, { env, follow }: { env: string; follow?: boolean }) =>
      showLogs(new Environment(env), app, follow ?? false),
    );
  program
    .command('reset')
    .description('all data gone, clean and seeded again')
    .addOption(fromEnvironment())
    .action(reset);
  program
    .command('stage [app...]')
    .description('make the artifacts of these apps, or of all')
    .action(async (names: string[]) => {
      const unknown = names.find((name) => !appNames.includes(name));
      if (unknown)
        throw new Fault(`There is no app "${unknown}".`, `one of: ${appNames.join(', ')}`);
      for (const app of apps.filter(({ name }) => names.length === 0 || names.includes(name))) {
        const { artifact, fresh } = await stage(app);
        console.log(
          `${app.name} ${artifact.version} ${artifact.digest.slice(0, 16)} ${fresh ? 'staged' : 'unchanged'}`,
        );
      }
    });

  try {
    await program.parseAsync(argv);
  } catch (error) {
    const attempt =
      error instanceof Fault ? error.attempt : 'FIELDGUIDE_DEBUG=1 shows more; npm run logs';
    process.stderr.write(`\n${(error as Error).message}\nTry: ${attempt}\n`);
    if (process.env.FIELDGUIDE_DEBUG) process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = 1;
  }
}

interface StartOptions {
  env: string;
  port?: number;
  json?: boolean;
  watch?: boolean;
  postgres?: string;
  kafka?: string;
  consul?: string;
}

async function start({ env, port, json, watch, ...choices }: StartOptions): Promise<void> {
  const environment = new Environment(env);
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`  ${line}\n`);
  const gatewayPort = port ?? (env === 'local' ? DEFAULT_PORT : 0);
  const platform = new Platform({ environment, choices, gatewayPort, say });

  let ended: () => void;
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  let asked = false;
  const stopNow = (why: string) => {
    if (asked) return;
    asked = true;
    say(`${why}: stopping`);
    ended();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopNow(signal));
  const control = await openControl(platform, () => stopNow('npm run stop'));

  try {
    say(`Starting the environment "${env}" (Node ${process.versions.node})`);
    const starting = platform.start();
    await Promise.race([starting, end]);
    if (!asked) {
      if (json)
        console.log(
          JSON.stringify({
            ready: true,
            gatewayUrl: platform.gatewayUrl,
            providerUrl: platform.providerUrl,
          }),
        );
      else console.log(await readyScreen(platform));
      const unwatch = watch && watchSources(platform, say);
      await end;
      if (unwatch) unwatch();
    } else await starting.catch(() => undefined);
  } finally {
    await platform.stop();
    control.closeAllConnections();
    control.close();
    say('Stopped; nothing is left running');
  }
}

async function stop({ env }: { env: string }): Promise<void> {
  const environment = new Environment(env);
  await tell(environment, 'stop');
  const gone = await until(() => runningPlatform(environment) === undefined, 60_000);
  if (!gone) throw new Fault('It does not stop.', 'npm run logs');
  console.log('Stopped.');
}

async function reset({ env }: { env: string }): Promise<void> {
  const environment = new Environment(env);
  if (runningPlatform(environment)) {
    await tell(environment, 'reset');
    console.log('Reset: clean and seeded again.');
  } else {
    const attached = ['POSTGRES', 'KAFKA', 'CONSUL'].filter(
      (each) => process.env[`FIELDGUIDE_${each}_URL`],
    );
    if (attached.length > 0) {
      throw new Fault(
        `Data in attached services (${attached.join(', ')}) is reset by a running platform.`,
        'npm start, then npm run reset in another terminal',
      );
    }
    environment.wipe();
    console.log('Reset: the next npm start begins with fresh data.');
  }
}

// kafkajs 2.2.4 sets timers in the past; Node 24 says so once, and it means nothing to whoever reads the screen.
function quietKafkajs(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning')
      process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Fault(`"${text}" is no port.`, 'a number from 0 to 65535');
  return port;
}
