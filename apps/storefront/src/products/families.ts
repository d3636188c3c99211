/** Which drawing shows a product: by a word in its name, else by its category. */
const byWord: readonly (readonly [RegExp, Family])[] = [
  [/tarp/i, 'tarp'],
  [/tent|basecamp/i, 'tent'],
  [/peg/i, 'pegs'],
  [/line|rope/i, 'rope'],
  [/sleeping bag|liner/i, 'sleepingBag'],
  [/hammock/i, 'hammock'],
  [/mat\b|footprint/i, 'mat'],
  [/pillow/i, 'pillow'],
  [/dry bag|cover|pouch/i, 'bag'],
  [/sock|gaiter/i, 'sock'],
  [/sandal/i, 'sandal'],
  [/runner|shoe/i, 'shoe'],
  [/trouser/i, 'trousers'],
  [/shirt|fleece/i, 'shirt'],
  [/beanie|hat/i, 'hat'],
  [/pot/i, 'pot'],
  [/spork/i, 'spork'],
  [/mug/i, 'mug'],
  [/filter|bottle/i, 'bottle'],
  [/torch|lamp/i, 'lamp'],
];

const byCategory: Readonly<Record<string, Family>> = {
  shelter: 'tent',
  sleep: 'sleepingBag',
  packs: 'pack',
  footwear: 'boot',
  clothing: 'jacket',
  kitchen: 'stove',
};

export const families = [
  'tent',
  'tarp',
  'pegs',
  'rope',
  'sleepingBag',
  'mat',
  'pillow',
  'hammock',
  'pack',
  'bag',
  'boot',
  'shoe',
  'sandal',
  'sock',
  'jacket',
  'shirt',
  'trousers',
  'hat',
  'stove',
  'pot',
  'spork',
  'mug',
  'bottle',
  'lamp',
  'map',
] as const;
export type Family = (typeof families)[number];

export const familyOf = (name: string, category: string): Family =>
  byWord.find(([word]) => word.test(name))?.[1] ?? byCategory[category] ?? 'map';

/** One of the tints, always the same for a product. */
export const tintOf = (id: string) =>
  ['pine', 'ochre', 'lake', 'brick'][
    [...id].reduce((sum, each) => sum + each.charCodeAt(0), 0) % 4
  ]!;
