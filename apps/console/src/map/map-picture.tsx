import { useMemo } from 'react';
import type { AppStatus } from '../api/types.ts';
import { useFilter } from '../design/filters.tsx';
import { toneOf } from '../system/tone.ts';
import { type Graph, type GraphEdge, lookOf, type MapNode, widthOf } from './graph.ts';
import { type Box, layoutOf, type Shape } from './layout.ts';

interface MapPictureProps {
  readonly graph: Graph;
  readonly apps: readonly AppStatus[];
}

const keysOfShape = ['nodes', 'edges', 'id', 'label', 'kind', 'from', 'to'];

/** The picture. Its nodes are buttons; the edges have a table of their own. */
export function MapPicture({ graph, apps }: MapPictureProps) {
  const shape = JSON.stringify(graph, keysOfShape); // without the traffic, which changes often
  const { width, height, boxes, lines } = useMemo(
    () => layoutOf(JSON.parse(shape) as Shape),
    [shape],
  );
  return (
    <svg viewBox={`0 0 ${width} ${height}`} style={{ width }} aria-labelledby="map-title">
      <title id="map-title">Map</title>
      <defs>
        {['unknown', 'idle', 'ok', 'errors'].map((look) => (
          <marker
            key={look}
            id={`head-${look}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path className={`head look-${look}`} d="M0 0 8 4 0 8z" />
          </marker>
        ))}
      </defs>
      {graph.edges.map((edge) => (
        <Edge key={edge.id} edge={edge} path={lines.get(edge.id)!.path} />
      ))}
      {graph.edges
        .filter(({ hasPact }) => !hasPact)
        .map(({ id }) => (
          <Badge key={id} text="no pact" {...lines.get(id)!.middle} />
        ))}
      {graph.nodes.map((node) => (
        <Node
          key={node.id}
          node={node}
          box={boxes.get(node.id)!}
          app={apps.find(({ app }) => app === node.id)}
        />
      ))}
    </svg>
  );
}

function Edge({ edge, path }: { readonly edge: GraphEdge; readonly path: string }) {
  const [selected, select] = useFilter('select');
  const look = lookOf(edge);
  const isNear = [edge.id, edge.from, edge.to].includes(selected);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table below does the same by keyboard
    <g
      className={`edge look-${look}${isNear ? ' near' : ''}`}
      data-edge={edge.id}
      data-look={look}
      onClick={() => select(edge.id)}
    >
      <title>{edge.id}</title>
      <path className="reach" d={path} />
      <path d={path} strokeWidth={widthOf(edge)} markerEnd={`url(#head-${look})`} />
    </g>
  );
}

function Badge({ text, x, y }: { readonly text: string; readonly x: number; readonly y: number }) {
  return (
    <g className="badge">
      <rect x={x - 30} y={y - 11} width="60" height="22" rx="11" />
      <text x={x} y={y + 5}>
        {text}
      </text>
    </g>
  );
}

interface NodeProps {
  readonly node: MapNode;
  readonly box: Box;
  readonly app: AppStatus | undefined;
}

function Node({ node: { id, label, kind, faults }, box, app }: NodeProps) {
  const [selected, select] = useFilter('select');
  const { x, y, width, height } = box;
  const worst = app?.instances.find(({ health }) => health !== 'ok')?.health ?? 'ok';
  const tone = app ? toneOf(app.instances.length === 0 ? 'none' : worst) : 'idle';
  const state = app ? `, ${app.instances.length} instances, ${worst}` : '';
  const radius = { topic: height / 2, client: height / 2 }[kind as string] ?? 6;
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button
    <g
      className={`node ${kind} tone-${tone}${selected === id ? ' selected' : ''}`}
      role="button"
      tabIndex={0}
      aria-pressed={selected === id}
      aria-label={`${kind} ${id}${state}`}
      onClick={() => select(selected === id ? '' : id)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        select(selected === id ? '' : id);
      }}
    >
      <title>{faults.length > 0 ? faults.join('; ') : id}</title>
      <rect x={x - width / 2} y={y - height / 2} width={width} height={height} rx={radius} />
      <text x={x} y={app ? y - 3 : y + 5}>
        {label}
      </text>
      {app && (
        <text className="count" x={x} y={y + 15}>
          {app.instances.map(({ name, health }) => (
            <tspan key={name} className={`tone-${toneOf(health)}`}>
              {health === 'ok' ? '●' : '▲'}
            </tspan>
          ))}
        </text>
      )}
      {faults.length > 0 && (
        <text className="fault-mark" x={x + width / 2 - 6} y={y - height / 2 + 5}>
          ▲
        </text>
      )}
    </g>
  );
}
