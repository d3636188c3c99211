import { hash } from 'node:crypto';
import { Public, RequireScope } from '@fieldguide/auth';
import {
  AddProductRequest,
  ChangeProductRequest,
  ProductQuery,
} from '@fieldguide/contracts/catalog';
import { IdRequest } from '@fieldguide/contracts/money';
import { Body, Controller, Get, Headers, Param, Patch, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { errors } from './product.errors.ts';
import { Products } from './products.ts';

// Events invalidate the gateway's copies: `max-age` bounds what a late event costs. Without this service, browsing
// continues as long as orders are priced (PRICE_AGE_MS_MAX of ordering).
const CACHE_CONTROL = 'public, max-age=5, stale-while-revalidate=30, stale-if-error=3600';

@Controller('products')
export class ProductsController {
  constructor(private readonly products: Products) {}

  @Public()
  @Get()
  async list(
    @Query({ schema: ProductQuery }) query: ProductQuery,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { products, nextCursor } = await this.products.list(query);
    // Each field of a page follows from these. Weak, so that the gateway may compress the page.
    const versions = products.map(({ id, version }) => `${id}.${version}`);
    const etag = `W/"${hash('sha1', `${versions} ${nextCursor}`, 'base64url')}"`;
    if (isKnown(etag, known, reply)) return;
    return { items: products.map((each) => each.toPublic()), nextCursor };
  }

  @Public()
  @Get(':id')
  async one(
    @Param('id', { schema: IdRequest }) id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const product = await this.products.one(id);
    if (isKnown(`"${product.version}"`, known, reply)) return;
    return product.toPublic();
  }

  @RequireScope('catalog:write')
  @Post()
  async add(
    @Body({ schema: AddProductRequest }) request: AddProductRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const product = await this.products.add(request);
    reply.header('location', `/products/${product.id}`).header('etag', `"${product.version}"`);
    return product.toPublic();
  }

  @RequireScope('catalog:write')
  @Patch(':id')
  async change(
    @Param('id', { schema: IdRequest }) id: string,
    @Headers('if-match') match: string | undefined,
    @Body({ schema: ChangeProductRequest }) change: ChangeProductRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const version = /^"(\d+)"$/.exec(match ?? '')?.[1];
    if (!version) throw errors.ifMatchRequired();
    const product = await this.products.change(id, Number(version), change);
    reply.header('etag', `"${product.version}"`);
    return product.toPublic();
  }
}

/** Sets the headers with which caches may keep a response, and 304 for one that has it. */
function isKnown(etag: string, known: string | undefined, reply: FastifyReply): boolean {
  reply.header('etag', etag).header('cache-control', CACHE_CONTROL);
  if (known === etag) reply.status(304);
  return known === etag;
}
