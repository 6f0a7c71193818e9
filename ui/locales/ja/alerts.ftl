permission-read-alerts = アラートとルールの閲覧
permission-manage-alerts = アラートへの対応とルールの変更
