import { describe, expect, it } from 'vitest';
import { type Edit, edited, select } from './edit.ts';

const source = `import { Get } from '@nestjs/common';

export class Shelf {
  constructor(private readonly sold: boolean) {}

  @Get('one')
  toPublic() {
    const { name, price } = this;
    return { name, price: { amount: price }, ...(this.note && { note: this.note }) };
  }

  move(reply: Reply) {
    reply.header('x-moved', 'yes');
    return this;
  }
}

export const Colour = z.enum(['red', 'green']);
export const Request = z.object({ units: z.int().min(1).max(99) });
`;

const blankLine = source.replace('    const { name', '\n    const { name');
const renamedLocal = source
  .replace('const { name, price }', 'const { name, price: cost }')
  .replace('amount: price', 'amount: cost');
const move = source.slice(source.indexOf('  move('), source.indexOf('}\n\nexport const Colour'));
const movedMethod = source.replace(move, '').replace("  @Get('one')", `${move}\n  @Get('one')`);

const shelf = select('shelf.ts', 'Shelf.toPublic');
const moving = select('shelf.ts', 'Shelf.move');

/** The result without layout. */
const plain = (text: string, edit: Edit) => edited(text, edit).replace(/\s+/g, ' ');

const edits: readonly (readonly [string, Edit, string])[] = [
  ['renames a property', shelf.property('name').rename('title'), '{ title: name, price'],
  ['removes a property', shelf.property('name').remove(), 'return { price: {'],
  [
    'replaces the value of a property',
    shelf.property('name').replace((value) => `String(${value})`),
    '{ name: String(name),',
  ],
  ['adds a property', shelf.property('name').add('grams', '800'), '{ name, grams: 800, price'],
  [
    'makes a property conditional',
    shelf.property('name').onlyIf('this.sold'),
    '{ ...(this.sold && { name }), price',
  ],
  [
    'makes a property unconditional',
    shelf.property('note').always((value) => value),
    ', note: this.note }',
  ],
  ['decorates a method', moving.decorate('Patch', "'it'", '@nestjs/common'), "@Patch('it') move("],
  [
    'imports the decorator',
    moving.decorate('Patch', "'it'", '@nestjs/common'),
    "import { Get, Patch } from '@nestjs/common';",
  ],
  ['removes a decorator', shelf.decorator('Get').remove(), ' toPublic() {'],
  [
    'changes the argument of a decorator',
    shelf.decorator('Get').argument(0).replace("'two'"),
    "@Get('two')",
  ],
  [
    'removes the statement of a call',
    moving.call('header', "'x-moved'").remove(),
    'move(reply: Reply) { return this; }',
  ],
  [
    'inserts a statement',
    moving.begin('reply.code(202);'),
    'move(reply: Reply) { reply.code(202); reply.header(',
  ],
  [
    'replaces a constructor',
    select('shelf.ts', 'Shelf.constructor').replace('constructor() {}'),
    'class Shelf { constructor() {}',
  ],
  ['replaces a result', moving.result((value) => `[${value}]`), 'return [this];'],
  [
    'changes a zod chain',
    select('shelf.ts', 'Request').property('units').call('max').argument(0).replace('1'),
    'z.int().min(1).max(1)',
  ],
  [
    'removes an item of an array',
    select('shelf.ts', 'Colour').literal('red').remove(),
    "z.enum(['green'])",
  ],
];

describe('an edit', () => {
  describe.each([
    ['as it is', source],
    ['with a blank line in a method', blankLine],
    ['with a moved method', movedMethod],
  ])('of a source %s', (_, text) => {
    it.each(edits)('%s', (_name, edit, result) => expect(plain(text, edit)).toContain(result));
  });

  it.each([
    ['a renamed property', shelf.property('price').rename('costs')],
    [
      'the value of a nested property',
      shelf.property('amount').replace((value) => `${value} / 100`),
    ],
  ])('gives %s the same meaning when a local variable is renamed', (_, edit) => {
    const expected = plain(source, edit).replace('name, price }', 'name, price: cost }');
    expect(plain(renamedLocal, edit)).toBe(expected.replace('amount: price', 'amount: cost'));
  });

  it.each([
    ['a class', select('shelf.ts', 'Rack.move').property('name'), 'Rack.move is not there'],
    ['a method', select('shelf.ts', 'Shelf.sell').property('name'), 'Shelf.sell is not there'],
    ['a property', shelf.property('colour'), 'Shelf.toPublic, property colour is not there'],
    ['one of two', select('shelf.ts').access('note'), 'access to note is there 2 times'],
  ])('names the symbol when it does not find %s', (_, selection, message) =>
    expect(() => edited(source, selection.remove())).toThrow(`Cannot edit shelf.ts: ${message}`),
  );

  it('selects an item of a table by a property', () => {
    const table = "const rows = [{ name: 'one', units: 1 }, { name: 'two', units: 2 }];";
    const two = select('rows.ts', 'rows').item('name', 'two');
    expect(edited(table, two.property('units').replace('3'))).toContain("'two', units: 3");
  });
  it('fails when it changes nothing', () =>
    expect(() => edited(source, shelf.property('price').rename('price'))).toThrow(
      'the edit changes nothing',
    ));
});
