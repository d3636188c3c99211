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

@Controller('products')
export class ProductsController {
  constructor(private readonly products: Products) {}

  @Public()
  @Get()
  list(@Query({ schema: ProductQuery }) query: ProductQuery) {
    return this.products.list(query);
  }

  @Public()
  @Get(':id')
  async one(
    @Param('id', { schema: IdRequest }) id: string,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const product = await this.products.one(id);
    const etag = `"${product.version}"`;
    reply.header('etag', etag).header('cache-control', 'public, max-age=5');
    if (known !== etag) return product.toPublic();
    reply.status(304);
    return;
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
