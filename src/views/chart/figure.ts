/** What a chart shows, as data: the same figure gives the same bytes. Nothing here is measured in pixels but the size. */
export interface Figure {
  /** Said above the chart, and by a screen reader. */
  readonly title: string;
  /** What there is to see in it, for who cannot see it. */
  readonly description: string;
  /** Pixels; 760 unless told. */
  readonly width?: number;
  /** One below the other, each with axes of its own. */
  readonly panels: readonly Panel[];
}

export type Panel = LinePanel | BarPanel;

export interface LinePanel {
  readonly kind: 'lines';
  readonly title?: string;
  /** Pixels; 260 unless told. */
  readonly height?: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Horizontal lines. */
  readonly thresholds?: readonly Threshold[];
  /** Vertical lines. */
  readonly markers?: readonly Marker[];
}

/** Bars from the left, grouped: what is compared stands below each other, each with its value written beside it. */
export interface BarPanel {
  readonly kind: 'bars';
  readonly title?: string;
  /** Of the values. */
  readonly x: Axis;
  /** Who is compared: one bar of each group, and one line of the legend. */
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
  /** Vertical lines. */
  readonly thresholds?: readonly Threshold[];
}

export interface BarGroup {
  readonly label: string;
  /** In the order of the panel's series. */
  readonly bars: readonly Bar[];
}

export interface Bar {
  /** null = there is none, which `text` explains. */
  readonly value: number | null;
  /** Instead of the value as the axis would write it. */
  readonly text?: string;
}

export interface Axis {
  readonly label: string;
  /** `linear` unless told. What a logarithmic axis cannot hold is drawn at its edge. */
  readonly scale?: 'linear' | 'log';
  /** Ends of the axis; the data's unless told. */
  readonly min?: number;
  readonly max?: number;
  /** How values are written: plainly unless told; `duration` takes ms, `percent` takes 0 to 100. */
  readonly unit?: 'number' | 'duration' | 'percent';
}

export interface Series {
  readonly name: string;
  /** Growing x. */
  readonly points: readonly Point[];
  /** `step`: a value holds until the next one. `line` unless told. */
  readonly shape?: 'line' | 'step';
}

/** y = null: nothing is known there, and the line has a gap. */
export type Point = readonly [x: number, y: number | null];

export interface Threshold {
  readonly value: number;
  readonly label: string;
}

export interface Marker {
  readonly x: number;
  readonly label: string;
  /** The series whose colour it has, by index; the colour of text unless told. */
  readonly series?: number;
}
