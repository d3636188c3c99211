// Gives every package of the workspace its Nx targets; nx.json holds their inputs.
import { dirname } from 'node:path';

export const name = 'fieldguide';

/** @param {readonly string[]} files */
const nodesOf = (files) =>
  files.map((file) => {
    const root = dirname(file);
    return /** @type {const} */ ([
      file,
      { projects: { [root]: { root, targets: targetsOf(root) } } },
    ]);
  });

export const createNodesV2 = /** @type {const} */ ([
  '{apps/*,libs/*,platform/*,labs,contracts,e2e,tools,bench,system,simulation}/package.json',
  nodesOf,
]);

/**
 * Returns the targets of a package. Only apps have a build: libraries are imported as sources (docs/adr/0001).
 * @param {string} root
 */
function targetsOf(root) {
  const targets = {
    lint: { command: `biome check --error-on-warnings ${root}` },
    typecheck: { command: `node tools/typecheck.ts ${root}` },
    test: {
      command: `vitest run --project unit --passWithNoTests ${root}/`,
      cache: !readsOtherFolders(root),
    },
  };
  if (!root.startsWith('apps/')) return targets;
  const app = root.slice('apps/'.length);
  const build = {
    command: `node platform/cli/bin/fieldguide.mjs stage ${app}`,
    outputs: [`{workspaceRoot}/.fieldguide/artifacts/${app}`],
  };
  return { ...targets, build };
}

/**
 * Specs of these packages read files of the whole repository, which the cache cannot know.
 * @param {string} root
 */
const readsOtherFolders = (root) => !/^(apps|libs|contracts)/.test(root);
