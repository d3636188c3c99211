import { existsSync, readFileSync } from 'node:fs';
import { apps } from '@fieldguide/platform-host/apps';
import {
  type Environment,
  type Secrets,
  writeFileSafely,
} from '@fieldguide/platform-host/environment';
import { thumbprintsIn } from '@fieldguide/platform-host/signing-keys';
import { system } from '@fieldguide/platform-host/system';
import type { AppSpec } from '@fieldguide/platform-model';
import {
  KEY_THUMBPRINTS,
  rotatedKeys,
  secrets as secretsOf,
} from '@fieldguide/platform-model/derive';

const FOLDER = 'keys';
const otherIssuer = () => ({
  TOKEN_ISSUER: process.env['FIELDGUIDE_TOKEN_ISSUER'],
  TOKEN_AUDIENCE: process.env['FIELDGUIDE_TOKEN_AUDIENCE'],
  TOKEN_JWKS_URL: process.env['FIELDGUIDE_TOKEN_JWKS_URL'],
  TOKEN_URL: process.env['FIELDGUIDE_TOKEN_URL'],
  [KEY_THUMBPRINTS]: process.env['FIELDGUIDE_TOKEN_KEY_THUMBPRINTS'],
});

/** The name of the signing key in the map of the system. */
export const signingKey = [...secretsOf(system)].find(([, kind]) => kind === 'es256-key')?.[0];

/** Whether the user has configured an issuer outside this system. */
export const hasOtherIssuer = () => Boolean(process.env['FIELDGUIDE_TOKEN_JWKS_URL']);

/** Whose tokens our apps accept: those of the app with the signing key, or of an issuer that the user has configured. */
export function tokenSettings({ named }: Secrets): Record<string, string> {
  if (hasOtherIssuer())
    return Object.fromEntries(
      Object.entries(otherIssuer()).flatMap(([key, value]) => (value ? [[key, value]] : [])),
    );
  return signingKey ? { [KEY_THUMBPRINTS]: thumbprintsIn(named[signingKey]!).join(',') } : {};
}

/** Writes the values that apps read again while they run, where they differ: a crash in between is repaired at the next start. */
export function writeKeyFiles(environment: Environment, secrets: Secrets): void {
  environment.privateFolder(FOLDER);
  const values = { ...tokenSettings(secrets), ...keysOf(secrets) };
  for (const [key, value] of Object.entries(values)) {
    const file = environment.path(FOLDER, key);
    if (!existsSync(file) || readFileSync(file, 'utf8') !== value)
      writeFileSafely(file, value, 0o600);
  }
}

function keysOf({ named }: Secrets): Record<string, string> {
  const bindings = apps.flatMap(({ spec }) => Object.entries(spec.env ?? {}));
  return Object.fromEntries(
    bindings.flatMap(([key, binding]) =>
      binding.from === 'secret' && binding.kind === 'es256-key'
        ? [[key, named[binding.name]!] as const]
        : [],
    ),
  );
}

/** The same variables with files for those that change while the app runs. */
export function withKeyFiles(
  spec: AppSpec,
  environment: Environment,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const rotated = rotatedKeys(spec);
  return Object.fromEntries(
    Object.entries(variables).map(([key, value]) =>
      rotated.has(key) ? [`${key}_FILE`, environment.path(FOLDER, key)] : [key, value],
    ),
  );
}
