import type { Edit } from './workshop.ts';

/** Something that a developer might do, and what contract tests have to say to it. */
export interface Change {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Who is changed. A consumer says anew what it expects; then its providers are asked. */
  readonly by: 'provider' | 'consumer';
  /** The one that is changed. */
  readonly who: string;
  /** Providers that are asked when a consumer is changed. */
  readonly asks?: readonly string[];
  readonly verdict: Verdict;
}
export type Verdict =
  | { readonly breaks: readonly string[] }
  | { readonly harmless: string }
  | { readonly notCaught: string };

const breaks = (...who: string[]): Verdict => ({ breaks: who });
const harmless = (why: string): Verdict => ({ harmless: why });
const notCaught = (why: string): Verdict => ({ notCaught: why });

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to });
const product = 'apps/catalog/src/product/product.entity.ts';
const summary = 'apps/ordering/src/order-summary/order-summary.entity.ts';
const stock = 'apps/inventory/src/stock/stock.controller.ts';
const placing = 'apps/ordering/src/place-order/place-order.controller.ts';
const publishing = 'apps/ordering/src/publish-orders/publish-orders.ts';
const shipment = 'apps/shipping/src/shipment/shipment.ts';
const shop = 'contracts/shop/index.ts';

const provider = (who: string, name: string, verdict: Verdict, ...edits: Edit[]): Change => ({
  name,
  edits,
  by: 'provider',
  who,
  verdict,
});
const consumer = (
  who: string,
  asks: string,
  name: string,
  verdict: Verdict,
  ...edits: Edit[]
): Change => ({ name, edits, by: 'consumer', who, asks: [asks], verdict });

export const changes: readonly Change[] = [
  // What a provider answers.
  provider(
    'catalog',
    'a field is renamed',
    breaks('ordering', 'shop'),
    edit(product, '      name,\n      description', '      title: name,\n      description'),
  ),
  provider(
    'catalog',
    'a field that one consumer reads is removed',
    breaks('shop'),
    edit(
      product,
      '      description,\n      category,\n      price,\n      retired',
      '      category,\n      price,\n      retired',
    ),
  ),
  provider(
    'catalog',
    'a field that nobody reads is removed',
    harmless('no pact mentions it'),
    edit(
      product,
      '      sku,\n      name,\n      description,\n      category,\n      price,\n      retired',
      '      name,\n      description,\n      category,\n      price,\n      retired',
    ),
  ),
  provider(
    'catalog',
    'a field is made optional, and left out',
    breaks('shop'),
    edit(
      product,
      '      description,\n      category,\n      price,\n      retired',
      '      ...(retired && { description }),\n      category,\n      price,\n      retired',
    ),
  ),
  provider(
    'catalog',
    'a field is made optional, and left out in a state that nobody asks for',
    notCaught('pacts are examples: ask for a retired product if you show one'),
    edit(
      product,
      '      description,\n      category,\n      price,\n      retired',
      '      ...(!retired && { description }),\n      category,\n      price,\n      retired',
    ),
  ),
  provider(
    'catalog',
    'an extra field',
    harmless('consumers read tolerantly; what they do not pick is not there for them'),
    edit(
      product,
      '      description,\n      category',
      '      description,\n      weightGrams: 800,\n      category',
    ),
  ),
  provider(
    'catalog',
    'a type is widened: whole numbers to decimals',
    breaks('ordering', 'shop'),
    edit(
      product,
      'amountMinor: Number(this.priceMinor)',
      'amountMinor: Number(this.priceMinor) + 0.5',
    ),
  ),
  provider(
    'catalog',
    'a unit is changed: cents to euros, the same shape',
    notCaught('a number is a number: that is what a new name is for (amountMinor says its unit)'),
    edit(
      product,
      'amountMinor: Number(this.priceMinor)',
      'amountMinor: Number(this.priceMinor) / 100',
    ),
  ),
  provider(
    'inventory',
    'a number comes as a string',
    breaks('shop'),
    edit(stock, 'freeUnits: stock.freeUnits', 'freeUnits: String(stock.freeUnits)'),
  ),
  provider(
    'ordering',
    'an enum value is added, and sent',
    breaks('shop'),
    edit(
      summary,
      '      status: this.status,',
      "      status: this.status === 'placed' ? ('received' as never) : this.status,",
    ),
  ),
  provider(
    'ordering',
    'an enum value is added, and sent in no state that is asked for',
    notCaught(
      'pacts are examples: a consumer must have an answer for a value that it does not know',
    ),
    edit(
      summary,
      '      status: this.status,',
      "      status: this.status === 'confirmed' ? ('packed' as never) : this.status,",
    ),
  ),
  provider(
    'ordering',
    'null comes for something absent',
    notCaught('Pact cannot expect absence; our schemas would refuse null for an optional field'),
    edit(
      summary,
      '      ...(this.statusReason && { statusReason: this.statusReason }),',
      '      statusReason: this.statusReason as never,',
    ),
  ),
  provider(
    'ordering',
    'something absent for null',
    breaks('shop'),
    edit(
      summary,
      '      shipment: this.shipment,',
      '      ...(this.shipment && { shipment: this.shipment }),',
    ),
  ),
  provider(
    'ordering',
    'another date format',
    breaks('shop'),
    edit(summary, 'placedAt: this.placedAt.toISOString()', 'placedAt: this.placedAt.toUTCString()'),
  ),
  provider(
    'ordering',
    'another order of an array',
    notCaught('a list is matched item by item, by type: say "newest first" in a test of your own'),
    edit(
      'apps/ordering/src/order-summary/order-summaries.ts',
      "'o.placedAt', 'DESC'",
      "'o.placedAt', 'ASC'",
    ),
  ),

  // What a provider wants, and how it answers.
  provider(
    'catalog',
    'a request needs one more field',
    breaks('shop'),
    edit(
      'contracts/catalog/index.ts',
      '  sku: z.string().regex(/^[A-Z0-9-]{3,30}$/),',
      '  sku: z.string().regex(/^[A-Z0-9-]{3,30}$/),\n  weightGrams: z.int(),',
    ),
  ),
  provider(
    'catalog',
    'a request may have one more field',
    harmless('who does not send it goes on'),
    edit(
      'contracts/catalog/index.ts',
      '  sku: z.string().regex(/^[A-Z0-9-]{3,30}$/),',
      '  sku: z.string().regex(/^[A-Z0-9-]{3,30}$/),\n  weightGrams: z.int().optional(),',
    ),
  ),
  provider(
    'ordering',
    'what a request may say is narrowed',
    breaks('shop'),
    edit(
      'contracts/ordering/index.ts',
      'quantity: z.int().min(1).max(99)',
      'quantity: z.int().min(1).max(1)',
    ),
  ),
  provider(
    'catalog',
    'an enum value of a request is removed',
    breaks('shop'),
    edit('contracts/catalog/index.ts', "z.enum(['shelter', 'sleep', ", "z.enum(['shelter', "),
  ),
  provider(
    'ordering',
    'a status is changed: 201 to 202',
    breaks('shop'),
    edit(placing, '  @Post()', '  @HttpCode(202)\n  @Post()'),
    edit(placing, 'Headers, Post', 'Headers, HttpCode, Post'),
  ),
  provider(
    'ordering',
    'a header is dropped',
    breaks('shop'),
    edit(
      placing,
      '    reply.header(CONSISTENCY_TOKEN, consistencyToken(order.id, version));\n',
      '',
    ),
  ),
  provider(
    'ordering',
    'a route is renamed',
    breaks('shop'),
    edit(placing, "@Controller('orders')", "@Controller('purchases')"),
  ),
  provider(
    'ordering',
    'a route needs a scope that nobody has',
    breaks('shipping'),
    edit(
      'apps/ordering/src/delivery-address/delivery-address.controller.ts',
      "@Scope('orders:address:read')",
      "@Scope('addresses:read')",
    ),
  ),
  provider(
    'ordering',
    'the type of a problem is renamed',
    breaks('shop'),
    edit('apps/ordering/src/order/order.refusals.ts', 'productRetired: [', 'productGone: ['),
    edit(
      'apps/ordering/src/product-prices/product-prices.ts',
      'refuse.productRetired',
      'refuse.productGone',
    ),
  ),
  provider(
    'payment-provider',
    'somebody else changes what a value is called',
    breaks('payments'),
    edit(
      'apps/payment-provider/src/operate/outcome.ts',
      "'insufficientFunds'",
      "'notCovered' as never",
    ),
  ),

  // What is published.
  provider(
    'ordering',
    'an event is renamed',
    breaks('shipping'),
    edit('contracts/ordering/index.ts', "'OrderConfirmed'", "'OrderAccepted'"),
  ),
  provider(
    'ordering',
    'a new version of an event beside the old one',
    harmless('the old one is still said'),
    edit(
      publishing,
      '  return said.map(',
      '  const [[first, data] = []] = said;\n  const next: Said[] = first && data ? [[{ ...first, type: first.type.concat("V2") }, data]] : [];\n  return [...said, ...next].map(',
    ),
  ),
  provider(
    'ordering',
    'a new version of an event instead of the old one',
    breaks('inventory'),
    edit('contracts/ordering/index.ts', "'OrderCompleted'", "'OrderCompletedV2'"),
  ),
  provider(
    'ordering',
    'a field of an event is renamed',
    breaks('inventory', 'shipping'),
    edit(
      publishing,
      "const unpriced = ({ productId, quantity }: Placed['lines'][number]) => ({ productId, quantity });",
      "const unpriced = ({ productId, quantity }: Placed['lines'][number]) => ({ productId, units: quantity });",
    ),
    edit(
      publishing,
      '    { orderId, customerId, lines: lines.map(unpriced) },\n  ],\n  requestCancellation',
      '    { order: orderId, customerId, lines: lines.map(unpriced) },\n  ],\n  requestCancellation',
    ),
  ),
  provider(
    'ordering',
    'a field of an event that nobody reads is removed',
    harmless('no pact mentions it'),
    edit(
      publishing,
      '[[OrderCancelled, { orderId, customerId }], ...send(undo, placed)]',
      '[[OrderCancelled, { orderId }], ...send(undo, placed)]',
    ),
  ),
  provider(
    'payments',
    'a topic is renamed',
    breaks('ordering'),
    edit(
      'contracts/payments/index.ts',
      "'payments.payments.v1',\n  'PaymentVoided'",
      "'payments.payments.v2',\n  'PaymentVoided'",
    ),
  ),
  provider(
    'shipping',
    'a key is changed: another aggregate',
    breaks('ordering'),
    edit(
      shipment,
      'uow.publish({ topic, type, subject: orderId, data });',
      'uow.publish({ topic, type, subject: shipmentId, data });',
    ),
  ),
  provider(
    'shipping',
    'another format of ids',
    breaks('ordering'),
    edit(
      shipment,
      'const data = { orderId, shipmentId, trackingNumber',
      'const data = { orderId, shipmentId: shipmentId.replace(/-/g, ""), trackingNumber',
    ),
  ),
  provider(
    'shipping',
    'the envelope loses an extension that all rely on',
    breaks('ordering'),
    edit('libs/database/src/unit-of-work.ts', 'correlationid: ', 'correlation: '),
  ),
  provider(
    'ordering',
    'something is not said any more',
    breaks('payments'),
    edit(
      'apps/ordering/src/checkout/checkout.ts',
      "const everything = ['voidPayment', 'releaseStock'] as const;",
      "const everything = ['releaseStock'] as const;",
    ),
    edit(
      'apps/ordering/src/order/order.examples.ts',
      "undo: ['voidPayment', 'releaseStock'] },\n} satisfies OrderEvent;\nexport const rejectedPaymentTimeout",
      "undo: ['releaseStock'] },\n} satisfies OrderEvent;\nexport const rejectedPaymentTimeout",
    ),
  ),

  // What a consumer wants.
  consumer(
    'shop',
    'catalog',
    'a consumer reads one field more, that is there',
    harmless('the provider sends it already'),
    edit(shop, 'const seen = { id: true,', 'const seen = { id: true, sku: true,'),
  ),
  consumer(
    'shop',
    'catalog',
    'a consumer reads a field that the provider does not have yet',
    breaks('shop'),
    edit(
      'contracts/catalog/index.ts',
      '  retired: z.boolean(),\n  updatedAt',
      '  weightGrams: z.int(),\n  retired: z.boolean(),\n  updatedAt',
    ),
    edit(
      'contracts/catalog/examples.ts',
      '  retired: false,\n  updatedAt',
      '  weightGrams: 800,\n  retired: false,\n  updatedAt',
    ),
    edit(shop, 'const seen = { id: true,', 'const seen = { id: true, weightGrams: true,'),
  ),
  consumer(
    'shop',
    'catalog',
    'a consumer reads one field less',
    harmless('the provider is freer now'),
    edit(shop, 'category: true, ', ''),
  ),
  consumer(
    'shop',
    'ordering',
    'a consumer forgets a header that is needed',
    breaks('shop'),
    edit('contracts/shop/storefront.ts', "({ 'idempotency-key': key })", "({ 'x-key': key })"),
    edit(
      'contracts/shop/pact/consumer.spec.ts',
      "  path: '/orders',\n  as: 'customer',\n  headers: { 'idempotency-key': KEY }",
      "  path: '/orders',\n  as: 'customer',\n  headers: { 'x-key': KEY }",
    ),
    edit(
      'contracts/shop/pact/consumer.spec.ts',
      "headers: { 'idempotency-key': KEY },\n      body: inventory",
      "headers: { 'x-key': KEY },\n      body: inventory",
    ),
  ),
];
