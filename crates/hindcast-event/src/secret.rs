pub struct Secret { pub kind: &'static str, pub span: std::ops::Range<usize> }
pub fn by_name(_: &str) -> bool { false }
pub fn by_shape(_: &str) -> Vec<Secret> { Vec::new() }
