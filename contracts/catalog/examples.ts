import { example } from '../example.ts';
import { hammock, noon, price } from '../example-data.ts';
import { AddProductRequest, Product, ProductChanged, ProductPage } from './index.ts';

const named = {
  sku: 'SLP-HAM-1',
  name: 'Hammock',
  description: 'Hangs between two trees.',
  category: 'sleep' as const,
  price,
};
export const product = example(Product, {
  ...named,
  id: hammock,
  retired: false,
  updatedAt: noon,
});
export const productPage = example(ProductPage, { items: [product.value], nextCursor: null });
export const addProduct = example(AddProductRequest, named);
export const productChanged = example(ProductChanged.data, {
  productId: hammock,
  sku: 'SLP-HAM-1',
  name: 'Hammock',
  category: 'sleep',
  price,
  retired: false,
  revision: 2,
});
