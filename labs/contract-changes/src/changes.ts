import { type Edit, select } from '../../frame/edit.ts';

/** A change that a developer might make, with the expected verdict of the contract tests. */
export interface Change {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** Side of the change. For a consumer, its pacts are updated before its providers are verified. */
  readonly by: 'provider' | 'consumer';
  /** Service that is changed. */
  readonly who: string;
  /** Providers that are verified when a consumer is changed. */
  readonly providers?: readonly string[];
  readonly verdict: Verdict;
}
export type Verdict =
  | { readonly breaks: readonly string[] }
  | { readonly harmless: string }
  | { readonly notCaught: string };

const breaks = (...who: string[]): Verdict => ({ breaks: who });
const harmless = (why: string): Verdict => ({ harmless: why });
const notCaught = (why: string): Verdict => ({ notCaught: why });

const product = select('apps/catalog/src/product/product.entity.ts', 'Product.toPublic');
const amount = product.property('amountMinor');
const summary = select(
  'apps/ordering/src/order-summary/order-summary.entity.ts',
  'OrderSummary.toPublic',
);
const placing = 'apps/ordering/src/place-order/place-order.controller.ts';
const place = select(placing, 'PlaceOrderController.place');
const publishing = select('apps/ordering/src/publish-orders/publish-orders.ts');
const dispatched = select('apps/shipping/src/shipment/shipment.ts', 'publishDispatched');
const catalogContract = 'contracts/catalog/index.ts';
const orderingContract = 'contracts/ordering/index.ts';
const newSku = select(catalogContract, 'AddProductRequest').property('sku');
const card = select('apps/storefront/src/api/reads.ts', 'seen');

const provider = (who: string, name: string, verdict: Verdict, ...edits: Edit[]): Change => ({
  name,
  edits,
  by: 'provider',
  who,
  verdict,
});
const consumer = (
  who: string,
  of: string,
  name: string,
  verdict: Verdict,
  ...edits: Edit[]
): Change => ({ name, edits, by: 'consumer', who, providers: [of], verdict });

export const changes: readonly Change[] = [
  // Responses of a provider.
  provider(
    'catalog',
    'a field is renamed',
    breaks('ordering', 'shop'),
    product.property('name').rename('title'),
  ),
  provider(
    'catalog',
    'a field that one consumer reads is removed',
    breaks('shop'),
    product.property('description').remove(),
  ),
  provider(
    'catalog',
    'a field that no consumer reads is removed',
    harmless('no pact mentions it'),
    product.property('sku').remove(),
  ),
  provider(
    'catalog',
    'a field is made optional, and left out',
    breaks('shop'),
    product.property('description').onlyIf('this.retired'),
  ),
  provider(
    'catalog',
    'a field is made optional, and left out in a state without a pact',
    notCaught('pacts are examples: add one for a retired product if you show one'),
    product.property('description').onlyIf('!this.retired'),
  ),
  provider(
    'catalog',
    'an extra field',
    harmless('consumers ignore fields that they do not pick'),
    product.property('description').add('weightGrams', '800'),
  ),
  provider(
    'catalog',
    'a type is widened: whole numbers to decimals',
    breaks('ordering', 'shop'),
    amount.replace((value) => `${value} + 0.5`),
  ),
  provider(
    'catalog',
    'a unit is changed: cents to euros, the same shape',
    notCaught('a number is a number: give the field a new name (amountMinor carries its unit)'),
    amount.replace((value) => `${value} / 100`),
  ),
  provider(
    'inventory',
    'a number is sent as a string',
    breaks('shop'),
    select('apps/inventory/src/stock/stock.controller.ts', 'StockController.one')
      .property('freeUnits')
      .replace((value) => `String(${value})`),
  ),
  provider(
    'ordering',
    'an enum value is added, and sent',
    breaks('shop'),
    summary.property('status').replace((value) => `${value} === 'placed' ? 'received' : ${value}`),
  ),
  provider(
    'ordering',
    'an enum value is added, and sent in a state without a pact',
    notCaught('pacts are examples: a consumer must handle values that it does not know'),
    summary.property('status').replace((value) => `${value} === 'confirmed' ? 'packed' : ${value}`),
  ),
  provider(
    'ordering',
    'null is sent for an absent field',
    notCaught('Pact cannot expect absence; our schemas reject null for an optional field'),
    summary.property('statusReason').always((value) => value),
  ),
  provider(
    'ordering',
    'a field is left out instead of null',
    breaks('shop'),
    summary.property('shipment').onlyIf((value) => value),
  ),
  provider(
    'ordering',
    'another date format',
    breaks('shop'),
    summary.property('placedAt').replace((value) => `new Date(${value}).toUTCString()`),
  ),
  provider(
    'ordering',
    'another order of an array',
    notCaught(
      'a list is matched item by item, by type: assert "newest first" in a test of your own',
    ),
    select('apps/ordering/src/order-summary/order-summaries.ts', 'OrderSummaries.list')
      .call('orderBy')
      .argument(1)
      .replace("'ASC'"),
  ),

  // Requests to a provider, statuses and headers.
  provider(
    'catalog',
    'a request needs one more field',
    breaks('shop'),
    newSku.add('weightGrams', 'z.int()'),
  ),
  provider(
    'catalog',
    'a request may have one more field',
    harmless('consumers that do not send it are still accepted'),
    newSku.add('weightGrams', 'z.int().optional()'),
  ),
  provider(
    'ordering',
    'the range of a request field is narrowed',
    breaks('shop'),
    select(orderingContract, 'PlaceOrderRequest')
      .property('quantity')
      .call('max')
      .argument(0)
      .replace('1'),
  ),
  provider(
    'catalog',
    'an enum value of a request is removed',
    breaks('shop'),
    select(catalogContract, 'Category').literal('sleep').remove(),
  ),
  provider(
    'ordering',
    'a status is changed: 201 to 202',
    breaks('shop'),
    place.decorate('HttpCode', '202', '@nestjs/common'),
  ),
  provider(
    'ordering',
    'a header is dropped',
    breaks('shop'),
    place.call('header', 'CONSISTENCY_TOKEN').remove(),
  ),
  provider(
    'ordering',
    'a route is renamed',
    breaks('shop'),
    select(placing, 'PlaceOrderController')
      .decorator('Controller')
      .argument(0)
      .replace("'purchases'"),
  ),
  provider(
    'ordering',
    'a route needs a scope that no client has',
    breaks('shipping'),
    select(
      'apps/ordering/src/customer-data/delivery-address.controller.ts',
      'DeliveryAddressController.list',
    )
      .decorator('RequireScope')
      .argument(0)
      .replace("'addresses:read'"),
  ),
  provider(
    'ordering',
    'the type of a problem is renamed',
    breaks('shop'),
    select('apps/ordering/src/order/order.errors.ts')
      .property('productRetired')
      .rename('productGone'),
    select('apps/ordering/src/prices/product-prices.ts')
      .access('productRetired')
      .rename('productGone'),
  ),
  provider(
    'payment-provider',
    'an external provider renames a value',
    breaks('payments'),
    select('apps/payment-provider/src/operations/outcome.model.ts')
      .property('tok_insufficient_funds')
      .replace("'notCovered'"),
  ),

  // Published messages.
  provider(
    'ordering',
    'an event is renamed',
    breaks('shipping'),
    select(orderingContract, 'OrderConfirmed').literal('OrderConfirmed').replace("'OrderAccepted'"),
  ),
  provider(
    'ordering',
    'a new version of an event next to the old one',
    harmless('the old one is still published'),
    select('apps/ordering/src/publish-orders/publish-orders.ts', 'orderMessages')
      .property('OrderCompleted')
      .replace(
        (row) =>
          `(event, first) => (${row})(event, first).flatMap((each) => [each, { ...each, type: each.type + 'V2' }])`,
      ),
  ),
  provider(
    'ordering',
    'a new version of an event instead of the old one',
    breaks('inventory'),
    select(orderingContract, 'OrderCompleted')
      .literal('OrderCompleted')
      .replace("'OrderCompletedV2'"),
  ),
  provider(
    'ordering',
    'a field of an event is renamed',
    breaks('inventory', 'shipping'),
    select('contracts/inventory/index.ts', 'Line').property('quantity').rename('units'),
    publishing
      .property('reserveStock')
      .property('lines')
      .replace((lines) => `${lines}.map((each) => ({ ...each, units: each.quantity }))`),
    select(orderingContract, 'OrderConfirmed').property('orderId').rename('order'),
    publishing.property('confirmOrder').property('orderId').rename('order'),
  ),
  provider(
    'ordering',
    'a field of an event that no consumer reads is removed',
    harmless('no pact mentions it'),
    select(orderingContract, 'OrderCancelled').property('customerId').remove(),
  ),
  provider(
    'payments',
    'a topic is renamed',
    breaks('ordering'),
    select('contracts/payments/index.ts', 'PaymentTopic')
      .literal('payments.payments.v1')
      .replace("'payments.payments.v2'"),
  ),
  provider(
    'shipping',
    'a key is changed: another aggregate',
    breaks('ordering'),
    dispatched.call('publish').argument(2).replace('shipmentId'),
  ),
  provider(
    'shipping',
    'another format of ids',
    breaks('ordering'),
    dispatched.property('shipmentId').replace((value) => `${value}.replace(/-/g, '')`),
    select('contracts/shipping/index.ts', 'ShipmentDispatched')
      .property('shipmentId')
      .replace('z.string()'),
  ),
  provider(
    'shipping',
    'the envelope loses an extension that all consumers use',
    breaks('ordering'),
    select('libs/messaging/src/outgoing-message.ts', 'publishMessage')
      .property('correlationid')
      .rename('correlation'),
  ),
  provider(
    'ordering',
    'a command is no longer sent',
    breaks('payments'),
    select('apps/ordering/src/checkout/checkout.model.ts', 'everything')
      .literal('voidPayment')
      .remove(),
    select('apps/ordering/src/order/order.examples.ts', 'cancelled')
      .literal('voidPayment')
      .remove(),
  ),

  // Expectations of a consumer.
  consumer(
    'shop',
    'catalog',
    'a consumer reads one more field that is sent',
    harmless('the provider sends it already'),
    card.property('id').add('sku', 'true'),
  ),
  consumer(
    'shop',
    'catalog',
    'a consumer reads a field that the provider does not have yet',
    breaks('shop'),
    select(catalogContract, 'Product').property('retired').add('weightGrams', 'z.int()'),
    select('contracts/catalog/examples.ts', 'product')
      .property('retired')
      .add('weightGrams', '800'),
    card.property('id').add('weightGrams', 'true'),
  ),
  consumer(
    'shop',
    'catalog',
    'a consumer reads one field less',
    harmless('the provider may change it now'),
    card.property('category').remove(),
  ),
  consumer(
    'shop',
    'ordering',
    'a consumer forgets a header that is needed',
    breaks('shop'),
    select('apps/storefront/src/api/storefront-client.ts')
      .property('idempotency-key')
      .rename("'x-key'"),
    select('apps/storefront/pact/consumer.spec.ts')
      .everyProperty('idempotency-key')
      .rename("'x-key'"),
  ),
];
