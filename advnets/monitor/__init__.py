"""What a run is shown by: progress, TensorBoard, sample grids, figures, the report."""
