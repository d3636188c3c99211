// Sets passwords of Kafka's users on a running broker. kafkajs has no call for AlterUserScramCredentials (KIP-554), so
// its connection sends this one request; a password never leaves this process, only what is derived from it.
import { pbkdf2 as callbackPbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { brokerSettings } from '@fieldguide/messaging/broker-url';
import { Kafka, logLevel } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';

const pbkdf2 = promisify(callbackPbkdf2);
const ALTER_USER_SCRAM_CREDENTIALS = 51;
const SCRAM_SHA_512 = 2;
/** Kafka's least; the passwords are random, so that more would only slow down each login. */
const ITERATIONS = 4_096;

/** Creates the users, and sets the passwords of those that exist. @throws Error with the answer of the broker */
export async function setScramUsers(
  kafkaUrl: string,
  users: ReadonlyMap<string, string>,
): Promise<void> {
  const settings = { clientId: 'provision', ...brokerSettings(kafkaUrl) };
  const cluster = new Cluster({
    ...settings,
    logger: new Kafka({ ...settings, logLevel: logLevel.NOTHING }).logger(),
    socketFactory: createSocketFactory(),
    connectionTimeout: 5_000,
    requestTimeout: 10_000,
    retry: {},
  });
  const entries = await Promise.all([...users].map(([name, password]) => entry(name, password)));
  await cluster.connect();
  try {
    await cluster.refreshMetadata();
    const { connectionPool } = await cluster.findControllerBroker();
    const results = await connectionPool.send({
      request: {
        apiKey: ALTER_USER_SCRAM_CREDENTIALS,
        apiVersion: 0,
        apiName: 'AlterUserScramCredentials',
        encode: async () => body(entries),
      },
      response: { decode: async (bytes) => resultsIn(bytes), parse: async (results) => results },
    });
    const failed = results.find(({ errorCode }) => errorCode !== 0);
    if (failed) throw new Error(`Kafka did not set the password of ${failed.user}: ${failed.why}`);
  } finally {
    await cluster.disconnect();
  }
}

async function entry(name: string, password: string): Promise<Encoder> {
  const salt = randomBytes(24);
  const salted = await pbkdf2(password, salt, ITERATIONS, 64, 'sha512');
  return new Encoder()
    .writeUVarIntString(name)
    .writeInt8(SCRAM_SHA_512)
    .writeInt32(ITERATIONS)
    .writeUVarIntBytes(salt)
    .writeUVarIntBytes(salted)
    .writeUVarInt(NO_TAGS);
}

/** The format's version is flexible: tagged fields end the header and each structure, lengths are one more than they are. */
const NO_TAGS = 0;
const NO_DELETIONS = 1;

function body(entries: readonly Encoder[]): Encoder {
  const header = new Encoder().writeUVarInt(NO_TAGS).writeUVarInt(NO_DELETIONS);
  const all = entries.reduce(
    (encoder, each) => encoder.writeEncoder(each),
    header.writeUVarInt(entries.length + 1),
  );
  return all.writeUVarInt(NO_TAGS);
}

function resultsIn(bytes: Buffer) {
  const decoder = new Decoder(bytes);
  decoder.readTaggedFields();
  decoder.readInt32(); // throttle time
  return decoder.readUVarIntArray((each) => {
    const user = each.readUVarIntString();
    const errorCode = each.readInt16();
    const why = each.readUVarIntString() ?? `error ${errorCode}`;
    each.readTaggedFields();
    return { user, errorCode, why };
  });
}
