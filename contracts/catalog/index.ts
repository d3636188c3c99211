import { z } from 'zod';
import { message, topic } from '../message.ts';
import { Id, Money, MoneyRequest } from '../money.ts';
import { Text } from '../text.ts';

export const ProductTopic = topic('catalog.products.v1', 'events', 3, 'compact');

export const Category = z.enum(['shelter', 'sleep', 'packs', 'footwear', 'clothing', 'kitchen']);
export type Category = z.infer<typeof Category>;

export const Product = z.object({
  id: Id,
  sku: z.string(),
  name: z.string(),
  description: z.string(),
  category: Category,
  price: Money,
  retired: z.boolean(),
  updatedAt: z.iso.datetime(),
});
export type Product = z.infer<typeof Product>;

export const ProductPage = z.object({
  items: z.array(Product),
  nextCursor: z.string().nullable(),
});

export const ProductQuery = z.strictObject({
  query: Text.trim().min(1).max(100).optional(),
  category: Category.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: Text.min(1).max(200).optional(),
});
export type ProductQuery = z.infer<typeof ProductQuery>;

export const AddProductRequest = z.strictObject({
  sku: z.string().regex(/^[A-Z0-9-]{3,30}$/),
  name: Text.trim().min(1).max(120),
  description: Text.trim().max(2_000),
  category: Category,
  price: MoneyRequest,
});
export type AddProductRequest = z.infer<typeof AddProductRequest>;

export const ChangeProductRequest = z
  .strictObject({
    price: MoneyRequest,
    retired: z.boolean(),
    name: Text.trim().min(1).max(120),
  })
  .partial();
export type ChangeProductRequest = z.infer<typeof ChangeProductRequest>;

/** The whole product as it is now; the topic is compacted. A greater revision is newer. Key: productId. */
export const ProductChanged = message(
  ProductTopic,
  'ProductChanged',
  z.object({
    productId: Id,
    sku: z.string(),
    name: z.string(),
    category: Category,
    price: Money,
    retired: z.boolean(),
    revision: z.int().positive(),
  }),
);
