import 'reflect-metadata';
import { instancesOf, Runtime } from '@fieldguide/config';
import { LOG, type Log } from '@fieldguide/telemetry';
import { Task } from '@fieldguide/workers';
import type { Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { createApplication } from './application.ts';
import { HttpConfig } from './http-config.ts';
import { RootModule } from './root.module.ts';

const STOP_WITHIN_MS = 10_000;
const SETTLED_MS = 3_000;

/**
 * Runs a service: `node main.cjs` serves, `node main.cjs NAME ARGUMENT` runs a task of an imported module (migrate, seed,
 * rebuild). An error at boot ends the process with a readable reason; SIGTERM drains it.
 */
export async function runService(module: Type): Promise<void> {
  const [task = 'serve', argument] = process.argv.slice(2);
  try {
    if (task === 'serve') await serve(module);
    else await runTask(module, task, argument);
  } catch (error) {
    process.stderr.write(`Cannot ${task}: ${(error as Error).message}\n`);
    if (process.env.LOG_LEVEL === 'debug') process.stderr.write(`${(error as Error).stack}\n`);
    process.exit(1);
  }
}

async function serve(module: Type): Promise<void> {
  const app = await createApplication(module, new Runtime(process.env, true));
  exitWhenStuck(app.get<Log>(LOG));
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  await app.init();
  await app.startAllMicroservices();
  const { PORT: port, HOST: host } = app.get(HttpConfig);
  await app.listen({ port, host });
  await app.get(RootModule).announce();
  // Run a full GC once (node --expose-gc): V8 keeps start-up garbage until there is memory pressure.
  const collect = () =>
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setTimeout(collect, SETTLED_MS).unref();
}

async function runTask(module: Type, name: string, argument?: string): Promise<void> {
  const root = RootModule.of(module, new Runtime(process.env, false));
  const options = { logger: false, abortOnError: false } as const;
  const context = await NestFactory.createApplicationContext(root, options);
  const tasks = instancesOf(context.get(ModulesContainer), Task);
  const task = tasks.find((each) => each.name === name);
  if (!task) {
    const known = ['serve (or nothing)', ...tasks.map((each) => each.name)].join(', ');
    throw new Error(`There is no task ${name}. Try: ${known}.`);
  }
  const result = await task.run(argument);
  if (result) process.stdout.write(`${result}\n`);
  await context.close();
}

/** Ends the process after an uncaught error, and when it does not finish its work in time after a signal. */
function exitWhenStuck(log: Log): void {
  const stopping = (signal: string) => {
    log.info({ signal }, 'Stopping: finishing current work');
    setTimeout(() => {
      log.error('Work was not finished after 10 s; exiting');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
  };
  process.once('SIGTERM', stopping).once('SIGINT', stopping);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'Uncaught error; exiting so that a new instance takes over');
    process.exit(1);
  });
}
